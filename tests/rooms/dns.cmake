foreach(test IN ITEMS dns/contact dns/message dns/hostile)
  mailfrom_test(${test} USES dns)
endforeach()
