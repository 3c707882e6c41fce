foreach(test IN ITEMS page/listen page/door page/rows page/feed page/answer)
  mailfrom_test(${test} USES page)
endforeach()

mailfrom_out_of_memory_test(page/out_of_memory USES page)

# The page's server against clients of every kind, in plain HTTP and with TLS.
add_executable(page_driver ${CMAKE_CURRENT_SOURCE_DIR}/wire/page_driver.c)
target_link_libraries(page_driver PRIVATE page)
add_dependencies(threaded page_driver)
add_test(NAME page_server COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/page_server.py
  $<TARGET_FILE:page_driver>)
set_tests_properties(page_server PROPERTIES LABELS wire TIMEOUT 120)

# The token, the cookie and other origins in a real browser, where one is installed; 77 says that none is.
add_test(NAME page_browser COMMAND /usr/bin/python3 -B ${CMAKE_CURRENT_SOURCE_DIR}/wire/page_browser.py
  $<TARGET_FILE:page_driver>)
set_tests_properties(page_browser PROPERTIES LABELS release TIMEOUT 60 SKIP_RETURN_CODE 77)
