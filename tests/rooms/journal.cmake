mailfrom_test(journal_store USES journal)
mailfrom_test(journal_place USES journal)
target_link_options(test_journal_place PRIVATE -Wl,--wrap=statfs)
mailfrom_test(journal_crash USES journal)
