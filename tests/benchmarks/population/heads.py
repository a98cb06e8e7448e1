"""The most frequent names of communities for which no package gives frequencies, in their order.

The order is common knowledge (registers and national statistics publish such lists); the weights
made from it are therefore ranked, not counted.
"""

from __future__ import annotations

IRISH = (
    "Murphy Kelly O'Sullivan Walsh Smith O'Brien Byrne Ryan O'Connor O'Neill O'Reilly Doyle McCarthy "
    "Gallagher O'Doherty Kennedy Lynch Murray Quinn Moore McLoughlin O'Carroll Connolly Daly O'Connell "
    "Wilson Dunne Brennan Burke Collins Campbell Clarke Johnston Hughes O'Farrell Fitzgerald Brown "
    "Martin Maguire Nolan Flynn Thompson O'Callaghan O'Donnell Duffy O'Mahony Boyle Healy O'Shea White"
).split()

MUSLIM_SURNAMES = (
    "Khan Ahmed Hussain Ali Rahman Shah Mahmood Iqbal Malik Uddin Miah Akhtar Chowdhury Islam Mohammed "
    "Mirza Qureshi Butt Sheikh Raja Aslam Rashid Anwar Choudhury Hassan Hussein Ahmad Rehman Siddiqui "
    "Ashraf Rafiq Zaman Haque Alam Bashir Javed Latif Yousaf Saleem Akram Aziz Nawaz Chaudhry Abbasi "
    "Baig Sharif Parveen Karim Khalid Hamid Farooq Munir Shaikh Kazi Sarkar Talukdar Bhatti Dar Mughal "
    "Kiani Ansari Hashmi Rana Tariq Zafar Patel Desai Saeed Riaz Amin Majid Ghani"
).split()
MUSLIM_MEN = (
    "Mohammed Imran Ahmed Ali Usman Bilal Hassan Hamza Omar Ibrahim Asif Tariq Khalid Shahid Nadeem "
    "Kashif Faisal Waqas Adnan Zain Yusuf Hussain Muhammad Abdul Sajid Javed Amir Irfan Naveed Rashid "
    "Kamran Arif Zahid Majid Tahir Nasir Saqib Haroon Rizwan Junaid Ismail Idris Shafiq Mahmood Iqbal "
    "Aslam Zubair Wasim Shoaib Qasim Umar Suleman Habib Abdullah Rahim Karim Jamal Zakir Sohail Farhan "
    "Danyal Ayaan Rayyan Musa Isa Haris Aqib Anwar Yasin Rafiq Salim Shabir Ghulam Fazal Nazir Bashir"
).split()
MUSLIM_WOMEN = (
    "Fatima Aisha Maryam Zainab Khadija Amina Saima Shazia Nasreen Rukhsana Samina Farzana Yasmin Sadia "
    "Nadia Sana Hira Iqra Shabana Parveen Safia Halima Sumaiya Razia Rubina Tahira Naila Noreen Shaheen "
    "Shamim Tasneem Zahra Aaliyah Hafsa Hanna Inaya Laiba Mahnoor Mehwish Nazia Nusrat Rabia Robina "
    "Sabina Salma Sidra Sobia Tayyiba Uzma Zara Zobia Ayesha Bushra Faiza Farah Fozia Ghazala Humaira "
    "Jamila Kausar Kiran Lubna Mariam Mumtaz Munazza Musarat Najma Nargis Rehana Sajida Shanaz Sultana"
).split()
WOMENS_SURNAMES = "Begum Bibi Khatun Akhtar Parveen Khanom Kauser Sultana Jan Bi Nessa".split()

SIKH_STARTS = "Gur Har Man Jas Sukh Bal Kul Ran Par Am Dal Sat Rav Nav Tej Kiran Raj Lakh Nir Sim".split()
SIKH_ENDS = "preet deep jit inder winder pal want bir meet".split()
SIKH_SURNAMES = (
    "Gill Sandhu Sidhu Dhillon Grewal Bains Dhaliwal Johal Sahota Virk Atwal Brar Deol Sangha Randhawa "
    "Hayer Bajwa Cheema Bhatti Toor Mann Samra Uppal Dosanjh Purewal Basra Aujla Chahal Kooner Mander "
    "Rai Sohal Thandi Takhar Bhogal Matharu Panesar Kalsi Sembhi Bansal Chana Hunjan Sagoo Rehal Lotay"
).split()

ARABIC_SURNAMES = (
    "Ahmed Mohamed Ali Hassan Ibrahim Hussein Abdullah Saleh Mahmoud Khalil Mansour Al-Masri Haddad "
    "Khoury Said Al-Hassan Al-Sayed Nasser Hamdan Al-Ahmad Al-Ali Salem Taha Osman Al-Khatib Shaheen "
    "Najjar Al-Baghdadi Al-Jabouri Al-Obaidi Al-Dulaimi Al-Hashimi Al-Tikriti Al-Shammari El-Sayed "
    "El-Masry Abdel-Rahman Abu-Zaid Abu-Bakr Darwish Younis Qasim Al-Rawi Al-Kubaisi Al-Saadi Al-Najafi "
    "Al-Mousawi Barakat Fares Habib Issa Jaber Kanaan Maalouf Nasr Odeh Rahal Sabbagh Tawil Zayed Awad "
    "Bakri Daher El-Amin Farah Ghanem Hariri Al-Qahtani Al-Otaibi Al-Harbi Al-Ghamdi Al-Zahrani Benali "
    "Bouzid Belkacem Cherif Mansouri Ziani Haddou Amrani Idrissi Alaoui Bennani Tazi Berrada Fassi"
).split()

YORUBA_STARTS = "Ade Olu Ola Ayo Oye Ogun Fa Akin Ode Ore Oluwa Omo".split()
YORUBA_ENDS = (
    "bayo yemi wale kunle leke niyi tunde sanya bode femi dele goke bisi sola dayo gbenga toye mide lowo "
    "ola biyi tola yinka rinde seun shola segun remi jide gbite"
).split()
IGBO_STARTS = "Okon Nwa Chukwu Oko Eze Onye Uzo Obi Ike Ozo Ugo Mba Ndu Ani".split()
IGBO_ENDS = "kwo nkwo ma emeka ro ye ji gu ike ama ani be nna wu dike fo ka chi kwu jiofo mmadu".split()
IGBO_GIVEN = (
    "Chinedu Obinna Ifeanyi Emeka Ikenna Chidi Kelechi Uchenna Nnamdi Chukwuemeka Ngozi Chioma Amaka "
    "Nneka Adaeze Ifeoma Chiamaka Oluchi Uche Ebere"
).split()

HONG_KONG = dict(
    entry.split(":")
    for entry in (
        "陈:Chan 黄:Wong 王:Wong 李:Lee 张:Cheung 刘:Lau 林:Lam 吴:Ng 周:Chow 郑:Cheng 梁:Leung "
        "谢:Tse 何:Ho 罗:Law 杨:Yeung 叶:Yip 冯:Fung 邓:Tang 许:Hui 曾:Tsang 蔡:Choi 潘:Poon 徐:Tsui "
        "朱:Chu 马:Ma 胡:Wu 郭:Kwok 赵:Chiu 孙:Suen 高:Ko 苏:So 余:Yu "
    ).split()
)
"""How families from Hong Kong write frequent Chinese surnames."""

SURNAME_READINGS = {"曾": "Zeng", "单": "Shan", "解": "Xie", "仇": "Qiu", "查": "Zha", "区": "Ou"}
"""Characters that are read otherwise as a surname than as a word."""

HINDU = (
    "Patel Kumar Sharma Shah Singh Mistry Chauhan Gupta Desai Parmar Joshi Rao Reddy Nair Das Roy Mehta "
    "Verma Solanki Bhatt Lad Pandya Kaur Menon Iyer Agarwal Chopra Kapoor Malhotra Thakur"
).split()

AKAN = (
    "Mensah Owusu Boateng Appiah Osei Asante Agyemang Asamoah Amoah Opoku Addo Antwi Adjei Amponsah".split()
)
YORUBA = "Adeyemi Balogun Ogunleye Adebayo Ojo Lawal Bakare Ajayi Alabi Oladipo Adeleke Ogundele".split()
IGBO = "Okafor Okonkwo Eze Okeke Nwosu Okoro Obi Okoye Nwachukwu Onyekachi Anyanwu Njoku Nwankwo".split()
