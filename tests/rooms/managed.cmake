foreach(test IN ITEMS managed/span managed/state managed/template)
  mailfrom_test(${test} USES managed)
endforeach()
mailfrom_test(model/managed_index USES model)
