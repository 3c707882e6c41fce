foreach(test IN ITEMS dns_message dns_hostile)
  mailfrom_test(${test} USES dns)
endforeach()
