mailfrom_test(reports_table USES reports)
mailfrom_test(reports_pages USES reports)
