mailfrom_test(dns_message USES dns)
