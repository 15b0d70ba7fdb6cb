"""Ranges of numbers that cost more than a call, and countries with one clock; data, without I/O.

Read on 2026-11-21 from the metadata of libphonenumber 9.0.43 (Apache License 2.0), which follows
the numbering plans of each country and of the ITU, then shortened: a beginning stands here when no
ordinary number begins so. `tests/telephony/test_numbers.py` compares both.
"""

from typing import Final

NO_COUNTRY: Final = {
    "808": "shared-cost",
    "870": "satellite",
    "878": "personal",
    "881": "satellite",
    "882": "satellite or network",
    "883": "satellite or network",
    "888": "disaster relief",
    "979": "premium-rate",
}
"""Calling codes of no country (ITU-T E.164, list of assigned codes), and what they are for."""

_ISLANDS = (
    "1242 1246 1264 1268 1284 1345 1441 1473 1649 1658 1664 1721 1758 1767 1784 1809 1829 1849 "
    "1868 1869 1876"
)
ISLANDS: Final = frozenset(_ISLANDS.split())
"""Countries beside the United States and Canada that share +1: calls there cost many times more.
Whoever allows +1 does not mean them; they are allowed by their own prefixes."""

_SPECIAL = """\
1:500 521 522 523 524 525 526 527 528 529 532 533 544 566 577 588 622 633 900
7:803 808 809
20:90
27:860 862 863 864 865 866 867 868 869 9
30:70 801 806 81 82 85 87 90
31:90
32:70 7879 90
33:81 82 83 84 85 86 88 89
34:70 803 806 807 901 902
36:90 91
39:0878 1 84 89
40:801 9
41:84 87 90
43:81 82 86 89 9
44:70 84 87 9
45:90
46:649 75 77 900 939 944 99
47:810 82 88
48:70 801
49:13 180 700 900
51:801 802 804 805
52:30 50 90
53:807
54:60
55:30 40 50 90
56:600
57:19 90
58:9
60:1600
61:13 19
62:804 809
64:500 503 506 507 5088 70 90
65:19
66:1900
81:60 990
82:50 60
84:190
86:160 168
90:592 88 89 9
91:1860 1861 1862
92:1 90
212:89
213:801 802 803 804 805 806 808 809
216:811 82 88
221:81 88
227:09
230:30
231:332
236:8
240:9
242:8
248:85
250:9
254:9
255:84 86 9
256:9
262:81 82 88 89
264:87
267:9
268:9
269:8
297:90
298:90
351:601 607 608 64 76 808 809 88
352:801 900 901 905
353:151 1520 1530 1540 1550 1560 1570 1580 1590 1598 1599 1850 1890 70
354:9
355:7 808 9
356:500 506 507 509 51 52
357:70 801 802 803 804 805 806 807 808 809 90
358:600 700
359:700 90
370:700 705 808 900 902 903 909 91
371:81 9
372:40 70 9
373:808 9
374:801 802 803 804 90
375:81 9
376:9
378:7
380:90
381:78 9
382:9
383:9
385:60 61 64 65 69 74 75
386:89 9
387:81 82 9
389:5 801 802 803 804 805 806 807 808 809 81 82 83 84 85 86 87 88 89
420:700 701 81 83 84 90 976
421:85 86 87 88 89 900 97 98
423:9
502:19
503:9
506:9
507:822 855 86 877 878 886 900 981
508:81 82 89
590:81 82 89
592:9
594:81 82 89
596:81 82 89
597:90
598:90
599:6
670:70 9
687:36
852:81 82 83 900
855:19001 190020 190029
886:20 99
960:900
961:80 90 91
962:70 85 9
966:9
968:900
970:17
971:70 90
972:120 121 17 19
973:84 87 9
994:90
"""
SPECIAL: Final = {
    code: tuple(beginnings.split())
    for code, _, beginnings in (line.partition(":") for line in _SPECIAL.splitlines())
}
"""Premium-rate, shared-cost and personal numbers: what the national number begins with, by calling
code. In a country that is missing here none is known."""

_ONE_CLOCK = """\
20:Africa/Cairo 27:Africa/Johannesburg 30:Europe/Athens 31:Europe/Amsterdam 32:Europe/Brussels
33:Europe/Paris 36:Europe/Budapest 39:Europe/Rome 40:Europe/Bucharest 41:Europe/Zurich
43:Europe/Vienna 44:Europe/London 45:Europe/Copenhagen 46:Europe/Stockholm 47:Europe/Oslo
48:Europe/Warsaw 49:Europe/Berlin 51:America/Lima 53:America/Havana
54:America/Argentina/Buenos_Aires 57:America/Bogota 58:America/Caracas 60:Asia/Kuala_Lumpur
63:Asia/Manila 65:Asia/Singapore 66:Asia/Bangkok 81:Asia/Tokyo 82:Asia/Seoul
84:Asia/Ho_Chi_Minh 86:Asia/Shanghai 90:Europe/Istanbul 91:Asia/Kolkata 92:Asia/Karachi
93:Asia/Kabul 94:Asia/Colombo 95:Asia/Yangon 98:Asia/Tehran 212:Africa/Casablanca
213:Africa/Algiers 216:Africa/Tunis 218:Africa/Tripoli 220:Africa/Banjul 221:Africa/Dakar
222:Africa/Nouakchott 223:Africa/Bamako 224:Africa/Conakry 225:Africa/Abidjan
226:Africa/Ouagadougou 227:Africa/Niamey 228:Africa/Lome 229:Africa/Porto-Novo
230:Indian/Mauritius 231:Africa/Monrovia 232:Africa/Freetown 233:Africa/Accra 234:Africa/Lagos
235:Africa/Ndjamena 236:Africa/Bangui 237:Africa/Douala 238:Atlantic/Cape_Verde
239:Africa/Sao_Tome 240:Africa/Malabo 241:Africa/Libreville 242:Africa/Brazzaville
244:Africa/Luanda 245:Africa/Bissau 248:Indian/Mahe 249:Africa/Khartoum 250:Africa/Kigali
251:Africa/Addis_Ababa 252:Africa/Mogadishu 253:Africa/Djibouti 254:Africa/Nairobi
255:Africa/Dar_es_Salaam 256:Africa/Kampala 257:Africa/Bujumbura 258:Africa/Maputo
260:Africa/Lusaka 261:Indian/Antananarivo 263:Africa/Harare 264:Africa/Windhoek
265:Africa/Blantyre 266:Africa/Maseru 267:Africa/Gaborone 268:Africa/Mbabane 269:Indian/Comoro
297:America/Aruba 298:Atlantic/Faroe 350:Europe/Gibraltar 352:Europe/Luxembourg
353:Europe/Dublin 354:Atlantic/Reykjavik 355:Europe/Tirane 356:Europe/Malta 357:Asia/Nicosia
358:Europe/Helsinki 359:Europe/Sofia 370:Europe/Vilnius 371:Europe/Riga 372:Europe/Tallinn
373:Europe/Chisinau 374:Asia/Yerevan 375:Europe/Minsk 376:Europe/Andorra 377:Europe/Monaco
378:Europe/San_Marino 380:Europe/Kyiv 381:Europe/Belgrade 382:Europe/Podgorica
383:Europe/Belgrade 385:Europe/Zagreb 386:Europe/Ljubljana 387:Europe/Sarajevo
389:Europe/Skopje 420:Europe/Prague 421:Europe/Bratislava 423:Europe/Vaduz 501:America/Belize
502:America/Guatemala 503:America/El_Salvador 504:America/Tegucigalpa 505:America/Managua
506:America/Costa_Rica 507:America/Panama 508:America/Miquelon 509:America/Port-au-Prince
590:America/Guadeloupe 591:America/La_Paz 592:America/Guyana 594:America/Cayenne
595:America/Asuncion 596:America/Martinique 597:America/Paramaribo 598:America/Montevideo
599:America/Curacao 673:Asia/Brunei 674:Pacific/Nauru 676:Pacific/Tongatapu
677:Pacific/Guadalcanal 678:Pacific/Efate 679:Pacific/Fiji 680:Pacific/Palau
682:Pacific/Rarotonga 685:Pacific/Apia 687:Pacific/Noumea 852:Asia/Hong_Kong 853:Asia/Macau
855:Asia/Phnom_Penh 856:Asia/Vientiane 880:Asia/Dhaka 886:Asia/Taipei 960:Indian/Maldives
961:Asia/Beirut 962:Asia/Amman 963:Asia/Damascus 964:Asia/Baghdad 965:Asia/Kuwait
966:Asia/Riyadh 967:Asia/Aden 968:Asia/Muscat 971:Asia/Dubai 972:Asia/Jerusalem
973:Asia/Bahrain 974:Asia/Qatar 975:Asia/Thimphu 977:Asia/Kathmandu 992:Asia/Dushanbe
993:Asia/Ashgabat 994:Asia/Baku 995:Asia/Tbilisi 996:Asia/Bishkek 998:Asia/Tashkent
"""
ONE_CLOCK: Final = {
    code: zone for code, _, zone in (entry.partition(":") for entry in _ONE_CLOCK.split())
}
"""Time zones by calling code, of countries in which it is the same time everywhere; of the others,
as the United States, a number does not say what time it is."""
