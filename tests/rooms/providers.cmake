mailfrom_test(providers/route53 USES providers)
mailfrom_test(providers/cloudflare USES providers)
