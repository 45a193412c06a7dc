"""The small words that a language cannot do without, by which it is recognised."""

from __future__ import annotations

from llm_trainer.session.wording import listed

ENGLISH = listed(
    """
    the a an and or but of to in on at by for from with is are am was were be been do does did have has had i
    you he she it we they me him us them my your his her its our their this that these those what who where when
    why how not no yes can could will would shall should may might must there here if so as than then very too
    up down out about i'm it's you're we're they're don't that's let's isn't can't i've i'll like want go see
    """
)
OTHERS: dict[str, frozenset[str]] = {
    "German": listed(
        """
        ich du er sie wir ihr der das den dem ein eine einen und oder aber nicht ist sind bin bist habe hast hat
        mit für auf zu von es mein dein auch wie wenn weil dass sehr gut ja nein guten hallo danke bitte heute
        gerne haben kann kannst möchte möchtest viel noch dir mir dich mich im am gehen wo geht mag magst morgen
        abend nacht tag
        """
    ),
    "French": listed(
        """
        je tu il elle nous vous ils elles le les un une des et ou mais ne pas est sont suis es avoir ai as avec
        pour dans sur de du la qui que quoi très bien oui non bonjour merci c'est j'aime j'ai aussi mon ton son
        ma ta sa mes comment ça aujourd'hui votre notre beaucoup aimes au avez être fait peux d'accord s'il
        l'eau puis soir allons bonsoir bonne nuit
        """
    ),
    "Spanish": listed(
        """
        yo tú él ella nosotros ellos el los las un una unos y pero no es son soy eres estoy está están con para
        por de del la que qué muy bien sí hola gracias cómo me gusta te le mi tu su también tengo tiene hay día
        hoy buenos días gustan vamos puedo quiero aquí en más porque cuando dónde lo se buenas noches tardes
        """
    ),
    "Italian": listed(
        """
        io tu lui lei noi voi loro il lo gli un una e ma non è sono sei con per di del della la che molto bene
        sì ciao grazie come mi piace ti mio tuo anche ho hai oggi questo questa perché dove quando nel
        buongiorno buona sera notte vorrei siamo piacciono
        """
    ),
    "Portuguese": listed(
        """
        eu você ele ela nós eles o os as um uma e mas não é são sou está com para por de do da que muito bem sim
        olá obrigado obrigada como gosto meu minha seu também tenho tem há dia hoje isso aqui em mais porque bom
        boa noite tarde
        """
    ),
    "Dutch": listed(
        """
        ik jij hij zij wij jullie het een en of maar niet zijn ben bent heb hebt heeft met voor op van naar mijn
        jouw ook hoe als omdat dat zeer goed ja nee hallo dank je vandaag hou kan wil graag er wat waar vind de
        houd leuk lekker gaat
        """
    ),
    "Scandinavian": listed(
        """
        jag du han hon vi ni de och eller men inte är var har med för på av till min din också hur att mycket
        bra ja nej hej tack idag jeg ikke er og meget det som vil kan et en tycker om hva hvordan liker godt
        """
    ),
    "Polish": listed(
        """
        ja ty on ona my wy i lub ale nie jest są mam masz ma z dla na w do mój twój też jak bardzo dobrze tak
        cześć dziękuję dzisiaj lubię się to co gdzie dzień dobry że czy lubisz
        """
    ),
    "Czech": listed(
        """
        já ty on ona my a nebo ale je jsou mám máš s pro na v do můj tvůj také jak velmi dobře ano ne ahoj
        děkuji dnes rád se to co kde že jsem mi dobrý den
        """
    ),
    "Romanian": listed(
        """
        eu tu el ea noi voi ei și sau dar nu este sunt am ai are cu pentru pe la în din meu tău foarte bine da
        bună mulțumesc azi îmi place să ce unde cum că
        """
    ),
    "Turkish": listed(
        """
        ben sen o biz siz onlar ve veya ama değil var yok için ile bir bu şu çok iyi evet hayır merhaba
        teşekkürler bugün ne nasıl nerede seviyorum mı mi güzel da de
        """
    ),
    "Indonesian": listed(
        """
        saya kamu dia kami kita mereka dan atau tapi tidak adalah ada punya dengan untuk di ke dari ini itu
        sangat baik ya halo terima kasih hari apa bagaimana suka juga yang sekali selamat pagi bisa
        """
    ),
    "Vietnamese": listed(
        """
        tôi bạn anh chị chúng và hoặc nhưng không là có với cho ở từ này rất tốt vâng xin chào cảm ơn hôm nay gì
        thích cũng của một con mèo thế nào
        """
    ),
    "Finnish": listed(
        """
        minä sinä hän me te he ja tai mutta ei on ovat olen olet minulla kanssa hyvin kyllä hei kiitos tänään
        mitä missä miten pidän myös se tämä joka hyvää huomenta
        """
    ),
    "Hungarian": listed(
        """
        én te ő mi ti ők és vagy de nem van vannak vagyok egy az ez nagyon jó igen szia köszönöm ma mit hol
        hogyan szeretem is hogy
        """
    ),
    "Swahili": listed(
        """
        mimi wewe yeye sisi na au lakini si ni nina una ana kwa ya wa sana nzuri ndiyo hapana habari asante leo
        nini wapi napenda hii jambo rafiki
        """
    ),
    "Tagalog": listed(
        """
        ako ikaw siya kami tayo sila at o pero hindi ay may ang ng sa mga ito iyan napaka mabuti oo kumusta
        salamat ngayon ano saan gusto ko mo po
        """
    ),
}
