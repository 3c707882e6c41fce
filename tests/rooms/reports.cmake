mailfrom_test(reports_table USES reports)
