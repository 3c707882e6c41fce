mailfrom_test(ses_model USES world)
