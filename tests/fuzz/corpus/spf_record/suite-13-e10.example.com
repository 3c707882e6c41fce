v=spf1 -include:_spfh.%{d2} ip4:1.2.3.0/24 -all
v=spf1 a mx -all
