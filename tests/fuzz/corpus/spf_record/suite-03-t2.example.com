v=spf1 moo.cow-far_out=man:dog/cat ip4:1.2.3.4 -all
v=spf1 a mx -all
