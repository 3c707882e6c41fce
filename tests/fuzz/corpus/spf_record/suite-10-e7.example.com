v=spf1 -ip4:1.2.3.4 ip6:::FFFF:1.2.3.4
v=spf1 a mx -all
