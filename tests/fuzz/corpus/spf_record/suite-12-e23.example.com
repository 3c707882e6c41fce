v=spf1 a:erehwon.example.com a:foobar.com exp=nxdomain.com -all
v=spf1 a mx -all
