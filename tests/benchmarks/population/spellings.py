"""Tables of how names are misheard, misread, shortened and spelt otherwise. Written for this
generator from general knowledge; on purpose not the tables that the portal matches with."""

from __future__ import annotations

Rules = tuple[tuple[str, str], ...]


def _both_ways(pairs: str) -> Rules:
    """Each "a=b" as a rule from a to b and one back. ``^`` and ``$`` are a word's ends, ``_`` a space."""
    cut = [pair.replace("_", " ").split("=") for pair in pairs.split()]
    return tuple((a, b) for a, b in cut) + tuple((b, a) for a, b in cut)


HEARD: Rules = (
    *_both_ways(
        "ph=f ck=k ey$=y$ ie$=y$ ea=ee ie=ei oo=u ou=ow ai=ay au=aw ll=l tt=t nn=n ss=s mm=m rr=r pp=p "
        "^c=^k c$=k$ ke$=k$ son$=sen$ ton$=tun$ er$=ar$ or$=er$ ^kn=^n ^wr=^r gh=g th=t s$=z$ x=ks qu=kw "
        "^mc=^mac ne$=n$ te$=t$ ve$=v$ le$=el$ ham$=am$ ley$=ly$ well$=wel$ i=y ce$=se$ ^ca=^ka ^ge=^je "
        "dge=ge ai=a oa=o sh=sch tch=ch v=w e$=$ an$=en$ in$=en$ j=g"
    ),
    ("^h", "^"),
    ("wh", "w"),
    ("mb$", "m$"),
    ("ough", "uff"),
    ("igh", "y"),
)

MISREAD: Rules = _both_ways("rn=m cl=d vv=w ii=u li=h ri=n nn=m l=i e=c o=a u=v h=b")

_ARABIC: Rules = _both_ways(
    "moh=muh mmed$=mmad$ mmed$=med$ ahmed=ahmad ss=s ei=ai ou=u oo=u ee=i i=e y=i q=k kh=k gh=g dh=d "
    "th=t sh=ch ^al-=^el- ^al-=^al_ ah$=a$ aa=a z=s f=ph ^o=^u abdul=abdel dj=j w=ou eh$=a$ dd=d ll=l "
    "mm=m yy=y id$=eed$ im$=eem$ ud$=ood$ ayesha=aisha khad=had ya$=ia$"
)
_INDIAN: Rules = _both_ways(
    "ee=i oo=u aa=a v=w sh=s th=t dh=d bh=b kh=k gh=g ch=chh chow=chau ow=au j=z ph=f x=ksh y=i a$=$ "
    "ou=au preet=prit inder=indar jeet=jit deep=dip hy$=ry$ agar=aggar kapoor=kapur krishn=krisn "
    "lakshm=laxm mukh=mook ss=s tt=t"
)
_CHINESE: Rules = _both_ways(
    "zh=ch zh=j x=hs x=sh q=ch ui=wei ong=ung iu=iew ian=ien ou=ow c=ts z=ts uo=o ang=an ing=in "
    "eng=en eung=eong au=ow ee$=i$ oo=u ei=ay u=oo r=j ao=au ^yi=^i ue=ueh b=p g=k d=t hui=huey"
)
_POLISH: Rules = (
    *_both_ways(
        "sz=sh cz=ch w=v j=y rz=z ski$=sky$ ska$=ski$ ch=h szcz=sch dz=z cki$=tski$ ia=ya ie=ye ks=x "
        "i$=y$ k=c czyk$=chik$"
    ),
    ("ł", "w"),
    ("ą", "on"),
    ("ę", "en"),
    ("ó", "u"),
    ("ś", "sh"),
    ("ć", "ch"),
    ("ń", "ni"),
    ("ż", "zh"),
    ("ź", "zi"),
)
_IRISH: Rules = (
    *_both_ways(
        "^mc=^mac bh=v mh=v dh=y gh=h ao=ee sh=s ei=e aoi=ee eo=o agh=a augh=a gan$=gen$ ey$=y$ rr=r "
        "^byr=^bur nn=n igh$=y$ onn=on ll=l tty$=ty$"
    ),
    ("é", "ai"),
    ("í", "ee"),
    ("á", "aw"),
    ("ó", "o"),
    ("^o'", "^"),
    ("siobh", "shiv"),
    ("niamh", "neve"),
)
_WEST_AFRICAN: Rules = (
    *_both_ways(
        "^olu=^oluwa kw=qu gb=b sh=s ch=tch ^chukwu=^chuku nw=nu ou=u ey=ei y=i ky=ch dj=j ah$=a$ gy=j "
        "nn=n ll=l ogh=og hw=w kpo=po oye=oy ae=e kon=konn mp=np ade=ad sey=sei ola=olla aye=aiye "
        "bello=belo ss=s"
    ),
    ("oo", "o"),
    ("ɔ", "aw"),
    ("ε", "eh"),
)

ORIGINS: dict[str, Rules] = {
    "irish": _IRISH,
    "south_asian": (*_INDIAN, *_ARABIC),
    "arabic": _ARABIC,
    "chinese": _CHINESE,
    "west_african": _WEST_AFRICAN,
    "polish": _POLISH,
}

_SHORT = (
    "William:Bill,Will,Billy,Liam Robert:Bob,Rob,Bobby Richard:Rick,Dick,Richie "
    "Margaret:Maggie,Peggy,Meg,Marg Elizabeth:Liz,Beth,Betty,Lizzie,Libby James:Jim,Jimmy,Jamie "
    "John:Jack,Johnny Jonathan:Jon,Jonny Michael:Mike,Mick,Mickey Thomas:Tom,Tommy Christopher:Chris,Kit "
    "Anthony:Tony David:Dave,Davey Katherine:Kate,Kathy,Katie Catherine:Cath,Kate,Cathy,Katie "
    "Kathleen:Kath,Kathy Patricia:Pat,Tricia,Trish Patrick:Paddy,Pat Edward:Ed,Ted,Eddie,Ned "
    "Charles:Charlie,Chas Joseph:Joe,Joey Susan:Sue,Susie Susannah:Sue,Susie Deborah:Debbie,Deb "
    "Jennifer:Jenny,Jen Jacqueline:Jackie Christine:Chris,Chrissie Christina:Tina,Chris Barbara:Babs,Barb "
    "Rebecca:Becky,Becca Victoria:Vicky,Tori Alexander:Alex,Sandy,Xander Alexandra:Alex,Sandra,Lexi "
    "Samuel:Sam,Sammy Samantha:Sam,Sammy Matthew:Matt Andrew:Andy,Drew Daniel:Dan,Danny "
    "Benjamin:Ben,Benny Nicholas:Nick,Nicky Nicola:Nicky,Nic Stephen:Steve Steven:Steve Stephanie:Steph "
    "Timothy:Tim Gregory:Greg Jeffrey:Jeff Geoffrey:Geoff Kenneth:Ken,Kenny Ronald:Ron,Ronnie Donald:Don "
    "Raymond:Ray Gerald:Gerry Lawrence:Larry,Laurie Leonard:Len,Lenny Albert:Bert,Al "
    "Alfred:Alf,Fred,Alfie Frederick:Fred,Freddie Francis:Frank Frances:Fran,Fanny George:Georgie "
    "Harold:Harry Henry:Harry Herbert:Bert Philip:Phil Phillip:Phil Peter:Pete Theresa:Terry,Tess "
    "Teresa:Terry,Tess Terence:Terry Dorothy:Dot,Dolly Eleanor:Ellie,Nell Ellen:Nell,Ellie Amanda:Mandy "
    "Alison:Ali Abigail:Abby,Gail Caroline:Carrie,Caz Charlotte:Lottie,Charlie Gillian:Gill,Jill "
    "Hannah:Han Isabella:Bella,Izzy Isobel:Izzy Jessica:Jess,Jessie Josephine:Jo,Josie Joanna:Jo "
    "Joanne:Jo Judith:Judy Julia:Jules Kimberley:Kim Lucy:Lu Madeleine:Maddie Martin:Marty Maureen:Mo "
    "Megan:Meg Natalie:Nat Natasha:Tash Olivia:Liv,Livvy Pamela:Pam Penelope:Penny Philippa:Pip,Pippa "
    "Rosemary:Rose,Rosie Sandra:Sandy Sarah:Sal,Sally Sharon:Shaz Sophie:Soph Sylvia:Syl Thelma:Thel "
    "Valerie:Val Veronica:Ronnie,Vera Vincent:Vince,Vinny Vivienne:Viv Walter:Wally,Walt Wendy:Wend "
    "Winifred:Win,Winnie Zachary:Zac Dennis:Den Derek:Del Desmond:Des Douglas:Doug Eugene:Gene Gareth:Gaz "
    "Gary:Gaz Graham:Gray Howard:Howie Hugh:Hughie Jason:Jase Joshua:Josh Keith:Keithy Lewis:Lew "
    "Malcolm:Mal,Malc Maxwell:Max Nathan:Nat Nigel:Nige Norman:Norm Oliver:Ollie Oscar:Ozzy "
    "Reginald:Reg,Reggie Rodney:Rod Roger:Rog Russell:Russ Simon:Si Stanley:Stan Stuart:Stu Toby:Tobes "
    "Trevor:Trev Victor:Vic Wayne:Waz Bernadette:Bernie Bernard:Bernie Bridget:Bridie,Biddy Cornelius:Con "
    "Declan:Dec Eamonn:Ned Fionnuala:Nuala Sinéad:Shin Seamus:Shay Padraig:Podge,Paddy Mohammed:Mo,Mohd "
    "Muhammad:Mo,Md Mohammad:Mo,Md Mohamed:Mo,Md Abdullah:Abdul,Abs Abdul:Ab Yusuf:Yus Ibrahim:Ibby "
    "Hassan:Hass Ismail:Izzy Fatima:Fati,Fatim Khadija:Khadi Mustafa:Mus Bilal:Bil Zainab:Zee,Zaynu "
    "Rukhsana:Roxy Jaswinder:Jas,Jaz Manpreet:Mani,Preet Harpreet:Harry,Preeti Gurpreet:Gurp,Preet "
    "Sukhdeep:Sukh,Sukhi Parminder:Pam,Parm Balwinder:Bal,Bally Kulwinder:Kully Ravinder:Ravi "
    "Satinder:Sat Rajinder:Raj Kamaljit:Kam Harjit:Harj Krishna:Krish Rajesh:Raj Sanjay:Sanj Vijay:Vij "
    "Lakshmi:Laks Aleksander:Olek,Alek Aleksandra:Ola Małgorzata:Gosia,Małgosia Katarzyna:Kasia,Kaśka "
    "Agnieszka:Aga Joanna:Asia Krzysztof:Krzysiek,Krzyś,Kris Tomasz:Tomek,Tom Andrzej:Andrew,Jędrek "
    "Wojciech:Wojtek Stanisław:Staszek,Stan Paweł:Pawełek,Paul Piotr:Piotrek,Peter Jakub:Kuba "
    "Grzegorz:Grzesiek,Greg Zbigniew:Zbyszek Jerzy:Jurek Elżbieta:Ela Barbara:Basia Ewa:Ewka "
    "Magdalena:Magda Zofia:Zosia Teresa:Terenia Maria:Marysia Anna:Ania,Anka Dorota:Dorotka Monika:Monia "
    "Marcin:Martin Łukasz:Luke Mateusz:Matt Janusz:Jan Ryszard:Rysiek Oluwaseun:Seun Olufunmilayo:Funmi "
    "Oluwaseyi:Seyi Adebayo:Bayo Babatunde:Tunde Olayinka:Yinka Temitope:Temi,Tope Abayomi:Yomi "
    "Abiodun:Abi,Biodun Adeyemi:Yemi Olumide:Mide Olusegun:Segun Folasade:Sade Chukwuemeka:Emeka "
    "Chinedu:Nedu Obinna:Obi Ifeanyi:Ify,Ifeany Ikenna:Ike Kelechi:Kele Uchenna:Uche Nnamdi:Nna "
    "Oluchi:Olu Ifeoma:Ify Adaeze:Ada Chiamaka:Amaka,Chi Emmanuel:Emma,Manny Samuel:Sam,Sammy "
    "Kwabena:Kobby Akosua:Akos Kwame:Kwam Michał:Misiek,Michael"
)

NICKNAMES: dict[str, tuple[str, ...]] = {
    formal: tuple(short.split(",")) for formal, short in (entry.split(":") for entry in _SHORT.split())
}
"""What people of a formal name are called."""


def _formal_names() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for formal, shorts in NICKNAMES.items():
        for short in shorts:
            found.setdefault(short, []).append(formal)
    return {short: tuple(formals) for short, formals in found.items()}


FORMAL_NAMES = _formal_names()
"""The formal names that a short one may stand for."""
