mailfrom_test(journal_store USES journal)
