mailfrom_test(work/lease USES work)
mailfrom_test(work/carriage USES work)
mailfrom_test(work/steered USES work)
mailfrom_test(work/patterns USES work)
