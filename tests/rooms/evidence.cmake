# What DMARC aggregate reports show.
mailfrom_test(evidence/tally USES evidence)
mailfrom_out_of_memory_test(evidence/out_of_memory USES evidence)
