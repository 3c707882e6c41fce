# Promises about the tree itself. Each proves first, on a planted violation, that it can fail.
function(mailfrom_guard script title)
  add_test(NAME ${title} COMMAND /usr/bin/python3 -B ${CMAKE_SOURCE_DIR}/tests/guards/${script}.py ${ARGN})
endfunction()

mailfrom_guard(includes "rooms include only the rooms below them")
mailfrom_guard(symbols "pure rooms reach no clock, socket, file or thread" ${CMAKE_BINARY_DIR})
mailfrom_guard(sizes "files and functions stay short")
mailfrom_guard(words "nothing is left for later")
mailfrom_guard(names "names are unique and say something")
mailfrom_guard(format "the tree is formatted")
mailfrom_guard(rule_pages "every finding has its page")
mailfrom_guard(tally "the last line of tools/test is true")
mailfrom_guard(doc_commands "commands in the documentation work" ${CMAKE_BINARY_DIR})
