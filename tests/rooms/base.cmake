foreach(test IN ITEMS base_arena base_buf base_dname base_escape base_hash base_heap base_names
                      base_redact
                      base_text base_when)
  mailfrom_test(${test} USES base)
endforeach()
foreach(test IN ITEMS model_finding model_fleet model_own_names model_ses)
  mailfrom_test(${test} USES model)
endforeach()
mailfrom_scarcity_test(base_scarcity USES model)
