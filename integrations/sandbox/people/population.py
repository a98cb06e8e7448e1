"""The ordinary people of the sandbox, most of them known to more than one system.

The differences are those of real life: typing errors, a name changed by marriage, day and month
swapped, a nickname, an address or phone number left behind. The lines are read by ``lines``.
"""

LINES = """
JXI f 1958-11-02 Margaret | Adeyemi | London
JXI m 1949-05-17 Winston | Campbell | London | impilo.phone=020 7946 0181
JXI f 1984-02-29 Oluwaseun | Balogun | Leeds | impilo.given=Seun
JXI m 1971-08-23 Rajesh | Patel | Leicester | jhe.given=Raj
JXI f 1990-12-09 Agnieszka | Kowalczyk | Manchester | impilo.family=Kowalczyck
JXI m 1966-03-30 Gareth | Llewellyn | Cardiff | impilo.family=Llewelyn
JXI f 1979-07-14 Fatima | Hussain | Birmingham | jhe.family=Hussein
JXI m 2001-01-19 Callum | MacDonald | Glasgow | jhe.family=McDonald
JXI f 1962-10-05 Deborah | Whitfield | Norwich | impilo.given=Debbie
JXI m 1988-06-11 Tomasz | Nowak | Leeds | impilo.given=Tomas
JXI f 1995-09-27 Chidinma | Eze | London | jhe.email=CHIDINMA.EZE@example.com
JXI m 1953-04-08 Kenneth | Ashworth | Manchester | impilo.given=Ken; impilo.line_one=9 Old Mill Court
JXI f 1974-12-21 Yasmin | Rahman | Birmingham | jhe.phone=
JXI m 1982-03-04 Darren | Sutcliffe | Leeds | impilo.born=1982-04-03
JXI f 1969-01-31 Bridget | Gallagher | Belfast | impilo.postcode=BT9 5EX
JXI m 1997-05-25 Hamza | Iqbal | Leicester
JXI f 1986-08-16 Ioana | Popescu | London | jump.preferred=Joanna
JXI m 1945-07-14 Harold | Fairbrother | Norwich | jump.home_phone=020 7946 0733
JXI f 2003-02-12 Saoirse | Brennan | Belfast
JXI m 1976-11-08 Emeka | Okonjo | London | impilo.given=Chukwuemeka
JX f 1991-04-19 Priya | Raghunathan | Leicester | jhe.family=Ragunathan
JX m 1964-09-02 Alan | Entwistle | Manchester
JX f 1978-05-06 Nkechi | Uzor | London | jhe.born=1978-06-05
JX m 1987-10-28 Stefan | Dragomir | Bristol
JX f 1999-03-15 Megan | Vaughan | Cardiff | jhe.given=Meg
JX m 1955-12-12 Clive | Broadbent | Leeds
JX f 1970-06-18 Sunita | Chaudhary | Birmingham | jhe.family=Chowdhury
JX m 1993-01-07 Kwabena | Asante | London | jhe.phone=07700 900512
JX f 1960-02-22 Patricia | Loughran | Belfast | jhe.given=Pat
JX m 1981-07-03 Mehmet | Yildirim | London | jhe.family=Yıldırım
JX f 1996-11-30 Hodan | Warsame | Bristol
JX m 1948-08-09 Ronald | Tattersall | Manchester | jhe.given=Ron
JX f 1989-09-13 Camille | Fontaine | London | jhe.born=1989-09-18
JX m 2000-10-10 Jaden | Braithwaite | London
JI f 1951-03-27 Maureen | Pickersgill | Leeds | impilo.line_one=Flat 3, Beech House
JI m 1968-12-04 Stephen | Holroyd | Leeds | impilo.given=Steven
JI f 1985-06-23 Ewa | Zielinska | Manchester | impilo.family=Zielińska
JI m 1939-02-14 Arthur | Penhaligon | Bristol
JI f 1973-04-11 Shabnam | Qureshi | Birmingham | impilo.born=1973-11-04
JI m 1957-10-20 Vernon | Baptiste | London
JI f 1992-08-01 Rhiannon | Prosser | Cardiff | impilo.given=Rhianon
JI m 1963-05-29 Andrzej | Wisniewski | Leeds | impilo.given=Andrew
JI f 1946-01-05 Edith | Cartwright | Norwich | impilo.phone=020 7946 0205
JI m 1980-11-17 Olumide | Fashola | London
JI f 1967-07-26 Jacqueline | Beaumont | Bristol | impilo.given=Jackie; impilo.town=Cardiff
JI m 1994-04-02 Dylan | Cadwallader | Cardiff
JI f 1959-09-09 Gurpreet | Sandhu | Leicester | impilo.family=Sandu
JI m 1975-02-03 Neil | Drummond | Glasgow | impilo.born=1975-03-02
JI f 1983-12-30 Blessing | Mensah | London
JI m 1950-06-06 Desmond | O'Rourke | Belfast | impilo.family=ORourke
XI f 1998-05-21 Anneliese | Kirchner | Bristol
XI m 1972-03-18 Ravindra | Jayasuriya | Leicester | impilo.given=Ravi
XI f 1965-08-08 Hyacinth | Robinson | London
XI m 1990-02-26 Lewis | Farquharson | Glasgow | impilo.family=Farquarson
XI f 1977-10-13 Zeynep | Aydin | London | jhe.family=Aydın
XI m 1956-06-30 Bernard | Thistlethwaite | Leeds | impilo.given=Bernie
XI f 1988-01-23 Temitope | Ogunleye | London | impilo.given=Temi
XI m 1961-11-11 Graham | Wetherby | Norwich | impilo.born=1961-11-01
XI f 2002-07-07 Aisling | Doherty | Belfast
XI m 1944-09-24 Cedric | Montague | Bristol | jhe.phone=
XI f 1993-03-03 Mei Ling | Cheung | Manchester | impilo.given=Mei-Ling
XI m 1979-12-25 Noel | Fitzsimmons | Belfast
J f 1937-04-16 Doris | Hargreaves | Leeds
J m 2019-08-30 Theo | Blackwood | Bristol
J f 2008-05-12 Amina | Sheikh | Birmingham
J m 1985-10-01 Luca | Ferraro | London
J f 1976-02-08 Helen | Armitage | Leeds
J m 1952-07-22 Trevor | Nettleton | Norwich
J f 1994-06-15 Busisiwe | Dlamini | London
J m 1969-09-19 Iain | Abernethy | Glasgow
J f 1986-03-09 Katarzyna | Lewandowska | Manchester
J m 1998-12-18 Sanjay | Mistry | Leicester
J f 1963-01-14 Lorraine | Ketteridge | Norwich
J m 2015-11-02 Oscar | Lindqvist | London
J f 1971-05-05 Dolores | Figueiredo | London
J m 1947-10-29 Edwin | Trelawny | Bristol
J f 1989-07-31 Nimmi | Wickramasinghe | Leicester
J m 1960-08-27 Barry | Ogilvie | Glasgow
J f 2005-04-04 Chloe | Pemberton | Manchester
X m 1984-09-15 Patrick | Mulholland | Belfast
X f 1997-01-28 Ingrid | Solberg | London
X m 1974-06-02 Yusuf | Abdirahman | Bristol
X f 1980-12-07 Carys | Bevan | Cardiff
X m 1992-10-16 Dmitri | Volkov | London
X f 1968-04-25 Marcia | Hutchings | Birmingham
X m 1959-03-11 Leonard | Sowerby | Leeds
X f 1987-08-20 Ngozi | Anyanwu | Manchester
X m 1995-02-17 Arjun | Bhattacharya | Leicester
X f 2000-06-29 Isla | Buchanan | Glasgow
X m 1966-11-23 Roy | Tunnicliffe | Manchester
X f 1978-09-04 Renata | Dvorakova | London
I f 1942-12-15 Ivy | Shufflebottom | Manchester
I m 1970-01-20 Delroy | Grant | Birmingham
I f 1955-05-31 Sheila | Outhwaite | Leeds
I m 1983-08-13 Paulo | Teixeira | London
I f 1964-03-06 Nasreen | Akhtar | Birmingham
I m 1954-10-18 Malcolm | Strachan | Glasgow
I f 1991-11-27 Eleri | Pugh | Cardiff
I m 1977-07-10 Kofi | Boateng | London
I f 1938-06-19 Winifred | Applegarth | Norwich
I m 1996-09-22 Ryan | McAllister | Belfast
I f 1981-02-01 Daniela | Marchetti | Bristol
I m 1949-12-31 Sidney | Rosenthal | London
"""
