foreach(test IN ITEMS dns/message dns/hostile)
  mailfrom_test(${test} USES dns)
endforeach()
