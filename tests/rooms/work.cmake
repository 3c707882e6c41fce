mailfrom_test(work/lease USES work)
mailfrom_test(work/carriage USES work)
