mailfrom_test(journal_store USES journal)
mailfrom_test(journal_place USES journal)
mailfrom_test(journal_crash USES journal)
