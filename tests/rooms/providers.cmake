mailfrom_test(providers/route53 USES providers)
mailfrom_test(providers/cloudflare USES providers)
mailfrom_test(providers/rfc2136 USES providers)
mailfrom_test(providers/tsig_key USES providers)
