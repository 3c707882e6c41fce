v=spf1 ip4
v=spf1 a mx -all
