/** Passwords that every attacker tries first; shorter ones are refused by their length. */
const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
  password password1 password12 password123 password1234 password! password1! passw0rd p@ssword
  p@ssw0rd p@ssword1 p@ssw0rd1 passwort passw0rd1 passpass passport password2 password01 password99
  mypassword 12345678 123456789 1234567890 0123456789 12341234 11111111 00000000 22222222 33333333
  55555555 66666666 77777777 88888888 99999999 12121212 11223344 1122334455 123123123 12344321 87654321
  987654321 9876543210 123454321 147258369 123456123 12345679 1234567891 31415926 10203040 13131313
  69696969 19841984 20002000 11112222 12345678910 0987654321 1029384756 01234567 147852369 159357258
  741852963 963852741 789456123 456789123 321654987 23456789 43214321 98765432 qwertyui qwertyuiop
  qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwertyqwerty 1qaz2wsx 1qaz2wsx3edc 1q2w3e4r
  1q2w3e4r5t 1q2w3e4r5t6y q1w2e3r4 q1w2e3r4t5 zaq12wsx zaq1zaq1 zaq1xsw2 qazwsxedc qazwsx12 qazwsx123
  asdfghjk asdfghjkl asdfasdf asdf1234 asdfqwer zxcvbnm1 zxcvbnm123 zxcvbnmm qwerasdf qweasdzxc
  qweqweqwe qwer1234 1234qwer 123qweasd 123qwe123 a1b2c3d4 a1234567 a12345678 a123456789 aa123456
  aa12345678 abcd1234 abc12345 abc123456 abcdefgh abcdefghi abcdefg1 1a2b3c4d aaaaaaaa aaaaaaaaaa
  azertyuiop poiuytrewq lkjhgfdsa mnbvcxz1 qwertz123 asd123456 qwe123456 zxc123456 woaini520 woaini1314
  5201314520 woaini123 iloveyou iloveyou1 iloveyou2 iloveyou! iloveyou123 ilovegod iloveme1 loveyou1
  love1234 loveme123 lovelove sunshine sunshine1 princess princess1 princess123 football football1
  baseball baseball1 basketball superman superman1 batman123 spiderman pokemon1 pokemon123 starwars
  starwars1 trustno1 whatever whatever1 welcome1 welcome123 welcome2 welcome! letmein1 letmein123
  letmein! master123 dragon123 monkey123 shadow123 michael1 jennifer jessica1 jordan23 michelle
  computer computer1 internet internet1 samsung1 samsung123 corvette mercedes maverick midnight
  victoria vanessa1 elizabeth alexander alexandra charlie1 charlie123 chelsea1 liverpool liverpool1
  arsenal1 barcelona manchester steelers lakers24 yankees1 chocolate chocolate1 butterfly butterfly1
  elephant sapphire cheyenne brooklyn samantha cristina carolina caroline isabella danielle jonathan
  benjamin nicholas patricia stephanie valentina fernando veronica scorpion hardcore redskins bigdaddy
  firebird swordfish security security1 secret123 changeme changeme1 changeme123 changeit default1
  admin123 admin1234 admin12345 administrator adminadmin admin@123 administrator1 root1234 rootroot
  toor1234 test1234 test12345 testtest testing1 testing123 tester123 guest123 guest1234 user1234
  username login123 temp1234 temporary demo1234 demodemo hello123 hello1234 hellohello helloworld
  helloworld1 crush123 crushcrush summer2023 summer2024 summer2025 winter2023 winter2024 winter2025
  spring2024 spring2025 autumn2024 january1 monday123 freedom1 blink182 metallica nirvana1 slipknot
  lovely123 angel123 babygirl babygirl1 babyboy1 sweetheart snowball mustang1 hunter123 killer123
  cookie123 pepper123 ginger123 matrix123 thomas123 daniel123 andrew123 george123 robert123 google123
  facebook facebook1 linkedin myspace1 minecraft minecraft1 fortnite1 playstation nintendo pa55word
  pa$$word pass1234 pass12345 password.
`
    .trim()
    .split(/\s+/),
);

export function isCommonPassword(password: string): boolean {
  return COMMON_PASSWORDS.has(password.toLowerCase());
}
