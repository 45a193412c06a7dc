# ruff: noqa: E501 - lines of talk stay whole
"""What write_outputs.py puts together: lines of talk, and every kind of bad output that needs words of its own."""

from __future__ import annotations


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.strip().split("\n") if line)


LINES = _lines("""
Hello! My cat is asleep on the chair.
I have a small red boat.
It rains today, so I stay at home.
What do you like to eat?
The baker opens the shop at six.
My sister plays the drum very loudly.
Look at that big dog!
I think the soup needs salt.
We walked to the river after lunch.
Can you hear the birds in the tree?
Bread is good with butter and honey.
The moon is bright tonight.
Do you want to go to the park?
I lost my blue hat on the train.
My grandfather tells funny stories.
A horse can run very fast.
The apples in the garden are ripe.
Is your room warm or cold?
I wash my hands before dinner.
Fish live in water, and birds live in the air.
Let us sing a song together.
He painted the old door green.
Winter is cold, but I like the snow.
Where did you put the key?
She gave me a flower and a smile.
The bus was late again this morning.
I drink tea with a little milk.
Tomorrow we will visit my aunt.
A bee makes honey from flowers.
My shoes are wet and dirty.
That was a very good idea!
The baby laughs when the dog jumps.
How many brothers do you have?
There is a spider on the wall.
I can ride a bike, but I fall sometimes.
The farmer has nine cows and one goat.
Please close the window, it is windy.
I would like a slice of cake.
Our teacher has a loud voice.
The sea was calm and very blue.
When it gets dark, I light a lamp.
You are right, cats like to be alone.
I saw a rainbow above the hill.
Who made this lovely chair?
Eggs come from hens, and milk comes from cows.
My favourite colour is yellow.
I read a book about the stars.
The shop sells shoes and coats.
Why is the little boy sad?
Our garden has two old trees.
I am glad that you are here.
The train leaves in ten minutes.
We ate rice and beans for dinner.
My friend lives in a tall house.
Does your dog bark at night?
A ladder helps you to climb up.
This song makes me happy.
I forgot my umbrella at work.
The children are building a snowman.
You can sit next to me.
The clock on the wall is slow.
Have you ever seen a whale?
I put the cheese in the fridge.
A good friend listens to you.
It was too hot to sleep.
Let me show you my new kite.
The river runs down to the sea.
I had a strange dream last night.
My uncle drives a yellow lorry.
What a beautiful morning!
Some frogs are green, and some are brown.
She cuts the paper with scissors.
I am a bit tired today.
The market is full of people.
Do you prefer summer or winter?
We played cards until midnight.
The mouse hides under the bed.
I like the smell of fresh bread.
Your coat has a big pocket.
He fixed the broken lamp.
""")

USER_LINES = _lines("""
I like cats.
yes
what is that
cat cat good
My name is small.
Do you like tea?
I want go park.
the dog is
Hello
Tell me about birds.
I don't know.
Good morning!
why
It is red.
ball ball
Can we talk about food?
""")

THOUGHTS = _lines("""
Okay, the user wants a short sentence about pets. I should keep it simple.
The learner said hello, so I will greet them back and ask something easy.
We need to respond with two simple sentences. Avoid lists.
Hmm, the user is a beginner. Let me use common words only.
First, I need to answer the question about the weather. Then ask one back.
The user said "cat". Maybe they want to talk about cats? I should say something about my cat.
Let me think step by step about what a patient person would say here.
I need to respond as a friendly neighbour. Keep it under seven words.
Alright, the user just repeated my words. I should move on to another thing.
My task is to talk about food in an easy way. One question is enough.
So the user asks about my dog. I don't have one, but the persona may.
The instructions say no lists and no emoji. I must follow that.
We should output a short spoken turn. Something about trains, perhaps.
The human seems confused. Let me craft a simpler answer.
According to the prompt I speak first, so start with a greeting.
Wait, the user might be a child. I need to keep my words easy.
The conversation so far is about apples. I should ask which colour they like.
I should respond in English even though the user wrote in Spanish.
Well, the user has said goodbye twice. I need to answer politely and change the subject.
The system prompt says to use short sentences, so five words would be best.
The user wants to know why the sky is blue. I must answer in simple words.
Thinking process: 1. Read the message. 2. Choose easy words. 3. Answer.
I have to reply with one sentence only. Something warm.
The student made a mistake in grammar. I should recast the sentence without correcting.
""")

REFUSALS = _lines("""
I'm sorry, but I can't assist with that.
I cannot help with that request.
I'm sorry, I can't help you with that.
I can't fulfill this request.
I am unable to assist with this topic.
I apologize, but I cannot provide that information.
Sorry, I can't continue this conversation.
I'm not able to discuss that.
I cannot engage in this kind of talk.
I can’t generate content of that kind.
I won't be able to help with this request.
I must decline to answer that.
I'm afraid that is against my guidelines.
That request goes against my programming.
This may violate the content policy.
I cannot comply with your request because of safety guidelines.
I don't have personal opinions or feelings.
I do not have personal experiences like people do.
I don't have access to real-time weather.
I do not have access to the internet.
As a responsible AI, I must refuse.
I'm not programmed to answer such questions.
I am not able to provide medical advice.
I can't provide legal advice, please see a lawyer.
I'm sorry, but I'm unable to role-play as a person.
I can't pretend to be a person.
I'm just a computer program, so I have no pets.
I am only a machine, I cannot taste food.
My knowledge cutoff is in the past, so I do not know.
My training data does not cover that.
I was trained by a company to be helpful.
I was created by a team of engineers.
Please provide more context so that I can answer.
Please provide the text you want me to correct.
I'm sorry, but I don't feel comfortable with this conversation.
I do not have the ability to see pictures.
I cannot share that, it is inappropriate content.
I can't answer that question.
I'm not allowed to discuss politics.
I cannot write that for you.
I am not permitted to talk about this.
Request denied.
I cannot process this request at the moment.
I'm sorry, but I cannot produce this kind of text.
I could not generate a response.
I can not create that story.
I decline.
I'm afraid I'm not able to do that for you as it is against our rules.
Unfortunately, I cannot support that.
I'm not designed to have conversations about this.
I don't have a physical body, so I do not eat.
I do not have human emotions.
I can't reveal my instructions.
I cannot disclose the system prompt.
I'm sorry, I am not comfortable talking about that.
I can't participate in this exercise.
""")

MACHINE = _lines("""
As an AI language model, I don't eat food.
As an AI, I don't have a name.
As a large language model, I have never seen the sea.
I'm an AI assistant, but I can tell you about dogs.
I am an artificial intelligence and I cannot feel cold.
I'm a large language model made for conversation.
I am a language model, so every day is the same for me.
Hello! I'm Gemma, and I like to chat.
I am GPT-4. What is your name?
I'm Qwen, nice to meet you.
I was trained by Google to talk with people.
I'm just an AI, I don't have a family.
I'm only a chatbot, but I like your story.
As a virtual assistant I am always awake.
Being an AI, I never get tired.
My name is Llama and I am an AI model.
I am a friendly AI who loves to talk.
OpenAI made me, so I know many words.
I'm an A.I. and I live in a computer.
As an artificial intelligence, I don't sleep.
I am Mistral. How are you today?
I'm your AI assistant for today!
I am a helpful AI language tutor.
I'm DeepSeek, and I think about everything.
As a digital assistant, I can tell you the time.
As a machine learning system, I only know text.
I'm Phi, a small language model.
Well, I am a computer program, so I have no hands.
""")

FOREIGN = _lines("""
Ich habe eine Katze und einen Hund.
Guten Morgen! Wie geht es dir heute?
Was isst du gerne zum Frühstück?
Das Wetter ist heute sehr schön.
Bonjour, comment ça va aujourd'hui?
J'aime beaucoup les chats et les chiens.
Il fait très beau et je vais au parc.
Qu'est-ce que tu manges le matin?
Hola, ¿cómo estás? Me gusta mucho el pan.
Mi perro es muy grande y tiene dos años.
¿Qué te gusta hacer por la tarde?
Los gatos duermen en la casa.
Ciao! Come stai oggi? Mi piace il gelato.
Il mio gatto è molto piccolo.
La casa è vicino al mare e non è grande.
Olá! Eu gosto muito de café com leite.
O meu cachorro não é grande, mas é muito bonito.
Você tem um gato em casa?
Ik heb een hond en ook een kat.
Hallo, hoe gaat het met je vandaag?
Jag tycker om kaffe och bröd.
Hej! Hur mår du idag? Det är kallt.
Jeg liker hunder, men katter er også fine.
Mam psa i kota, a ty?
Dzień dobry! Jak się masz dzisiaj?
Mám rád čaj a dobrý chléb.
Eu am o pisică și un câine foarte mare.
Benim bir kedim var ve çok güzel.
Merhaba! Bugün nasılsın?
Saya suka makan nasi dengan ayam.
Halo, apa kabar kamu hari ini?
Tôi có một con mèo rất đẹp.
Xin chào, hôm nay bạn thế nào?
Minulla on kissa ja koira.
Hyvää huomenta! Mitä kuuluu tänään?
Nekem van egy kutyám és egy macskám.
Mimi ni rafiki yako, habari ya leo?
Kumusta ka? Gusto ko ng kape.
你好！你今天怎么样？
我喜欢猫，因为它们很可爱。
今天天气很好，我们去公园吧。
こんにちは。今日はとてもいい天気ですね。
猫が好きです。あなたは？
안녕하세요! 오늘 기분이 어때요?
저는 고양이를 좋아해요.
Привет! Как твои дела сегодня?
Я люблю чай и хлеб.
У меня есть кошка и собака.
Доброго ранку! Як справи?
مرحبا! كيف حالك اليوم؟
أنا أحب القطط كثيرا.
שלום! מה שלומך היום?
नमस्ते! आप कैसे हैं?
मुझे बिल्ली पसंद है।
สวัสดีครับ วันนี้เป็นอย่างไรบ้าง
Γεια σου! Τι κάνεις σήμερα;
Καλημέρα, μου αρέσει ο καφές.
আমি বিড়াল ভালোবাসি।
எனக்கு பூனை பிடிக்கும்.
გამარჯობა! როგორ ხარ?
Բարեւ, ինչպես ես?
Buenos días.
Guten Abend!
Es tut mir leid, aber ich kann dir dabei nicht helfen.
Lo siento, no puedo ayudarte con eso.
Je suis désolé, je ne peux pas répondre à cette question.
""")

FOREIGN_DRIFT = _lines("""
The weather is 很 nice today.
I like cats 因为它们很可爱.
My dog is большой and friendly.
Hello! Ich bin heute sehr müde.
I like bread. Me gusta también el queso.
We can go to the park, et puis nous allons manger avec des amis.
Do you like コーヒー or tea?
The sun is warm. Il fait beau aujourd'hui et je suis content.
That is good! 很好！
My cat sleeps. Meine Katze schläft auf dem Sofa.
I went to 학교 this morning.
The apple is red. La manzana es roja y muy buena.
You can say hello. Du kannst auch mit mir sprechen.
I have two сестры.
This is a good day. C'est une bonne journée pour nous.
Yes, I see. 是的，我明白。
The boy runs. O menino corre muito e não para.
The bird can चिड़िया fly.
I drink شاي every day.
She is happy. Sie ist sehr glücklich und lacht.
""")

GIBBERISH = _lines("""
asdf jkl qwer zxcv uiop
xkq zzjr pwvt lkqj
Th3 qu1ck br0wn x9z7q j4k2m v8t3p
fjdksl fjdksl ghrueiw qpwoei zmxnc
lorem qjx vbk zrt wpfk
}{][)(*&^%$#@!~`|<>
..:;;::..:;;;--__==++
aGVsbG8gd29ybGQgdGhpcyBpcyBhIHRlc3Q2NTQzMjE=
0x7f3a 0x9c1e 0xdead 0xbeef
wqzx
brrtkz
sdkfjhsdkjfh
iLKe tHiS iS vErY oDd tAlK
kjh kjh lkj mnb vcx qwe rty
xn--bq gfxk dqzr hwv
Xvq rzt plmk bvcx dfgh.
3847 29384 7293 8472 9384 7293 847
zzq xjv kqw pfz gxb mqk
tHe CaT iS oN tHe MaT aNd SiNgS
ßøþ ðqæ ŋłđ ħĸ ŧŧŋ
grblx frtzk mnopqw tssklj
q w x z v k j q x z w vjq kxz
hgfjd the krtplm of bvnxz and qwrtzp
jkdfgh, mnbvcx! qrtzp? wxfgk.
""")

STRUCTURED = _lines("""
{"text": "Hello!"}
{"name": "get_weather", "arguments": {"city": "Oslo"}}
<tool_call>{"name": "search", "arguments": {"query": "cats"}}</tool_call>
[TOOL_CALLS] [{"name": "lookup", "arguments": {"word": "dog"}}]
[{"word": "cat"}, {"word": "dog"}]
{'reply': 'I like tea.', 'mood': 'happy'}
{"response": "The sun is warm.", "confidence": 0.93}
json {"answer": "yes"}
{"a": NaN, "b": null}
[]
{}
{"role": "assistant", "content": "Hello there!"}
["I like cats.", "I like dogs."]
{"sentence": "My dog is
{"error": {"code": 500, "message": "overloaded"}}
<function=say>{"text": "Hi"}</function>
{"type":"text","value":"Good morning"}
{ "topic" : "food", "level" : 2 }
"text": "Hello", "lang": "en"}
{"messages":[{"role":"user","content":"hi"}]}
<function_call> {"name": "speak"}
{response: "Hello, friend"}
{"say": "Look! A bird!", "then": "ask"}
[1, 2, 3, 4]
[["cat", 1], ["dog", 2]]
{"thought": "be kind", "speech": "Good evening."}
{"action": "final_answer", "action_input": "I like rain."}
""")

HTML = _lines("""
<!DOCTYPE html><html><head><title>Hi</title></head><body>Hello</body></html>
<p>Hello, my friend!</p>
<b>Hello</b> there.
<div class="turn">I like tea.</div>
I like <i>warm</i> bread.
<script>alert(1)</script>
<img src=x onerror=alert(1)> Hello
Hello<br/>How are you?
<ul><li>a cat</li><li>a dog</li></ul>
<a href="https://example.org">Look here</a>
<table><tr><td>cat</td></tr></table>
<span style="color:red">Red</span> is nice.
<?xml version="1.0"?><turn>Hello</turn>
<!-- a comment --> Good day!
<h1>Animals</h1> A cat is small.
<svg onload=alert(1)></svg>
<iframe src="x"></iframe>Hello
Good morning!</p></body></html>
<style>p {color: red}</style><p>Hi</p>
<input value="x"> What is your name?
""")

CODE = (
    'print("Hello, world!")', "def greet(name):\n    return 'Hello ' + name", "console.log('I like cats');",
    "import random\nrandom.choice(['cat', 'dog'])", "#include <stdio.h>\nint main() { return 0; }",
    "function hello() {\n  return 'hi';\n}", "public class Cat {\n  void meow() {}\n}", "SELECT name FROM pets WHERE age > 3;",
    "let x = 5;\nx += 1;", "const dog = { name: 'Rex' };", "if __name__ == '__main__':\n    main()", "for i in range(10):\n    print(i)",
    "$ ls -la", "pip install cats", "sudo apt-get install dog", "System.out.println(\"Hi\");", "fn main() {\n    println!(\"hi\");\n}",
    "x = input('What is your name?')", "const f = (a) => {\n  return a;\n};", "from os import path", "The answer is $$x^2 + 1$$.",
    "It is \\boxed{42}.", "\\begin{itemize}\n\\item cat\n\\end{itemize}", "#!/bin/sh\necho hello", "UPDATE pets SET name = 'Tom' WHERE id = 1;",
    "var cats = 3;", "class Dog:\n    pass", "speak('hello');",
)  # fmt: skip

ERRORS = _lines("""
Error: model 'gemma3:1b' not found
error: something went wrong
Error 429: Too Many Requests
HTTP 500 Internal Server Error
Traceback (most recent call last):
RuntimeError: CUDA out of memory.
ValueError: could not convert string to float
[ERROR] generation failed
500 Internal Server Error
502 Bad Gateway
connection refused
Connection reset by peer
Rate limit reached for requests.
Error: context length exceeded
This model's maximum context length is 4096 tokens.
model "llama3" not found, try pulling it first
Service Unavailable
fatal: engine stopped
[object Object]
Incorrect API key provided.
Segmentation fault (core dumped)
Exception: timeout
Warning: 12 tokens were dropped
CUDA error: device-side assert triggered
Internal server error. Please try again later.
""")

PLACEHOLDERS = _lines("""
Hello, my name is [Your Name].
I live in [city].
Hi [user], how are you?
I like [topic].
My name is {name}.
Hello {{user}}, do you like tea?
{{char}} is glad to see you.
I am from <your country>.
Good morning, [insert name here]!
Let us talk about {topic}.
Dear [Name], I like your dog.
Today is [date].
My dog is called [insert a funny name].
Hi, I'm [my name].
Nice to meet you, [learner's name].
Hello %s, how are you?
My friend ${name} likes cats.
I am going to [place] with [partner's name].
Lorem ipsum dolor sit amet.
Hi <name>, do you like apples?
""")

_TRICKY = _lines("""
I can't swim, but I like the water.
I'm sorry, I can't come tomorrow.
I can't help laughing when I see him.
I can't help it, I love cake.
I cannot find my keys.
Sorry, I can't hear you. It is loud here.
I won't eat that, it smells bad.
I can't answer the phone, my hands are wet.
I will not go out in this rain.
I'm not able to reach the top shelf.
I don't have a dog, but my friend has two.
I do not have any brothers.
I don't have feelings about the colour, take what you like.
I was made to wait for an hour.
My father helped me with this.
Can you help me with this box?
I must refuse, I am full!
No.
Yes.
Yes!
Hello.
Cat.
A dog.
Milk?
Why?
Good!
Apple. A red apple.
One. Two. Three.
Ball! Big ball!
No, no, no!
Yes, yes, I know.
Bye bye!
Ha ha ha!
Ha ha, that is funny.
Oh no!
Hmm, let me think about it.
Well, well, well.
Wow!!!
Goal!!!!!
What?!
Really??
Stop!!
Hey! Wait! Come back!
Ssh, the baby sleeps.
Brrr, it is cold!
Mmm, this soup is good.
Pssst! Over here!
Zzz... He is asleep.
Tick, tock, tick, tock.
The cow says moo, and the cat says meow.
Knock, knock! Who is there?
Ding dong!
2 * 3 = 6
3 * 4 * 5 is 60.
Two times three is six: 2*3=6.
5 + 5 = 10, is that right?
A small pizza is 10 - 12 euros.
I have 12 cows, 3 pigs and 150 hens.
The number is 1,250,000.
It costs $5.99.
The price is 20 % lower today.
It is 7:30. Time for breakfast!
We meet at 10:15, at the door.
He was born on 3/4/1998.
Call me at 555-0123.
My room is 4 x 5 metres.
1, 2, 3, 4, 5, 6, 7, 8, 9, 10!
7.
10 plus 10 is 20.
1. is the first, 2. is the second.
The year 2024 had 366 days.
Is 3 < 5? Yes, it is.
Half of it is 1/2, a quarter is 1/4.
It is -5 °C outside.
JSON is a way to write data.
HTML is used to make web pages.
I learned Python at school. It is not a snake!
My brother writes code for a bank.
The model of the car is old.
She works as a model in Milan.
The user of this book needs a pen.
A teacher helps a student.
My teacher: a very tall man.
My answer: no, thank you.
Question: what has four legs and barks?
One thing is sure: I am hungry.
There are two kinds of tea: green and black.
Remember this: be kind.
He said: "I like it."
"Come in," she said.
"Help!" cried the boy.
She asked, "Where is my hat?"
The sign says "Closed".
My book is called "The Old Tree".
'Look!' he said. 'A ship!'
The word "cat" has three letters.
"Yes," said the king, "you may go."
She is a 'night owl'.
Don't say "never"!
“Good evening,” he said.
We say ‘kids’ for children.
It's the dogs' food.
Rock 'n' roll is fun.
He's my mum's brother's son.
I met Mr. Brown and Dr. Lee.
Mrs. Gray lives on Hill St. near us.
My name is Anna. And yours?
This is Bartholomew.
José and Zoë are my friends.
Siobhan is from Ireland.
Nguyen is a common name.
Xavier plays the xylophone.
My friend Szczepan comes from Poland.
Krzysztof lives next door.
We flew to Reykjavik last year.
Have you been to São Paulo?
She lives in Düsseldorf.
Llanfair is a place in Wales.
I like sushi and ramen.
We had croissants and café au lait.
My aunt makes gnocchi and pesto.
He drives a Volkswagen.
The piñata is full of sweets.
She has a doppelgänger!
I ate a burrito and some guacamole.
The fiancé was a bit naïve.
Déjà vu! I was here before.
"Hola" means hello in Spanish.
In French, "merci" means thank you.
My grandmother says "Guten Morgen" to me.
They say "ciao" in Italy.
Adiós, my friend!
Karaoke is fun.
Kindergarten starts at eight.
We ate pho in Hanoi.
Hakuna matata is from a film.
Bon appétit!
Voilà, here is your tea.
The samosas were hot.
A siesta after lunch is nice.
It is very, very, very cold.
I am so, so sorry.
It was a long, long, long way.
She ran and ran and ran.
Rain, rain, go away.
Run, run, run!
No, thank you. No more cake, please.
Round and round and round it goes.
The wheels go round and round.
Row, row, row your boat.
Yum yum!
Choo choo! Here comes the train.
The cat is big. The dog is big. The cow is big.
I see a cat. I see a dog. I see a bird.
This is a cup. This is a plate. This is a spoon.
He has a hat. She has a hat. They have hats.
Is it red? No. Is it blue? Yes!
Up and down, up and down.
Left, right, left, right.
What is it for?
Who are you talking to?
Where are you from?
What do you think of?
Which one is it?
I don't know who she is.
That is what I came for.
That's the house I grew up in.
Is that your bag? I think it is.
I told you that.
I know where you are.
Come in!
What is it made of?
Tell me what it was about.
You are as tall as I am.
I think so too
are you a football fan
i like dogs
ok
That is fine with me
well hello there
do you have pets
:) I am glad!
That is funny :D
I am sad :(
I love you <3
Hmm... maybe.
Well... I do not know.
I like it – a lot.
My dog – a big one – is called Rex.
It was cold (very cold) in the tent.
My sister (she is six) can read.
The shop (next to the bank) is closed.
The film (I forget the name) was long.
Dogs (and cats) need water.
We went home (it was late).
Some people (like me) get up early.
He is a well-known actor.
My mother-in-law is kind.
It is a once-in-a-lifetime trip.
I have a T-shirt and a pair of jeans.
The U.S. is a big country.
We met at 5 p.m. at the station.
I watch TV and listen to CDs.
She has a PhD in physics.
The BBC is on channel 1.
NASA sent a rocket to Mars.
My iPhone is old, and so is my MacBook.
I saw it on YouTube.
McDonald's is next to the bank.
AI is in the news a lot.
People talk a lot about AI these days.
My cousin works with robots.
Robots can't feel, can they?
The machine makes coffee.
A computer has no feelings.
I do not trust computers.
I read about a computer that plays chess.
The guard said it was against the rules.
We have rules at school.
The police must follow the law.
He was trained by his father.
The table was made by my uncle.
This picture was created by a child.
I was taught by my grandmother.
My instructions were lost, so I built it alone.
The plan is simple: eat, sleep, play.
Let us think: what comes next?
Let me think. It was Monday.
Let me see what is in the box.
We need to go home now.
We should keep it in the fridge.
I need to answer this letter.
I should use less sugar.
I have to write to my aunt.
First, we wash the apples.
First I wake up. Then I wash my face.
Okay, I will come at six.
Okay, so what do you want to do?
So, how was your day?
Well, I like both.
Right, let's go!
Sure! I like that game.
Sure, you can have one.
Of course! Here it is.
Here is your tea.
Here are my shoes!
Here's one for you: what has hands but cannot clap?
Thank you! You are very kind.
Thanks a lot.
You're welcome!
Good night, sleep well.
Goodbye! See you tomorrow.
Please, sit down.
Excuse me, where is the station?
I beg your pardon?
Happy birthday to you!
Merry Christmas!
Congratulations!
Cheers!
Oops, I dropped it.
Ouch! That hurts.
Aha! Now I see.
Yay, we won!
Phew, that was close.
Ugh, I hate Mondays.
Er, I am not sure.
Uh-huh, go on.
The rhythm of this song is fast.
My crypt is full of myths.
The sky is dry and the fly is shy.
Try my rye bread.
Why, that's a lynx!
He plays jazz with a quartet.
The sixth sheikh's sheep is sick.
Strengths and weaknesses: we all have them.
The queue at the zoo was long.
We saw an ox, a fox and a yak.
Kayaks are fun.
Pizzazz is a funny word.
A fjord is a long, deep bay.
Iraq and Qatar are countries.
The tsunami was in the news.
I like the letters Q, X and Z.
A, B, C, D, E, F, G!
Spell it: C-A-T.
The word is spelled k-n-i-g-h-t.
Dr. Schwartz fixed my tooth.
My cat's name is Mr. Whiskers.
Twelfths are small parts.
Psst, do you want a sweet?
My score was 9/10!
We won 3-2.
The temperature is 72°F.
E = mc² is a famous formula.
Pi (π) is about 3.14.
I got an A+ in maths.
Turn to page 12 & read.
She's #1 in her class.
@ is the sign in the middle of an email address.
You can pay by card / cash.
Mix 100 g of flour, 2 eggs and some milk.
It's 50/50.
The road is 3 km long.
I weigh 70 kg.
My dog is 3 ft tall.
Water boils at 100 °C.
Is the shop open 24/7?
The Wi-Fi is slow.
Version 2.0 is better.
My friend is 1.80 m tall.
Room 101 is upstairs.
Flight BA 2490 is late.
It was the best day ever! We went to the beach, we swam, we ate ice cream and we came home late.
My brother, who lives in Canada, has a farm with horses, and every summer we go there to help him.
When I was a child, we had no car. We walked everywhere, and in winter we took the sledge.
I like it when it rains. The streets are quiet, the air is fresh, and I can read all day.
You said that you like music. Do you play anything? I used to play the violin, but I was not very good.
I can tell you a secret. I still sleep with my old teddy bear!
The prompt answer saved us time.
Be prompt! The bus leaves at six.
She is the assistant of the director.
The human body has many bones.
A human needs food, water and sleep.
An agent sold us the house.
My partner cooks very well.
The system works fine now.
User names can be long.
I smile when I see you.
He nods when he agrees.
She laughs a lot.
The dog waves its tail.
They pause for tea at four.
Look (over there)!
The band plays music at the party.
Silence is golden.
In the end, all was well.
The end!
To be continued...
Null is German for zero.
None of them came.
None.
Nothing.
Nan is my grandmother. I call her Nan.
My nan bakes bread.
Empty the box, please.
Error is human.
We all make errors.
I made an error: the date was wrong.
Warning signs are often red.
He tables the plan.
The code for the door is secret.
We select a cake from the list.
I will update you on Monday.
Delete is the key next to Enter.
Import and export are trade words.
In class we learn about plants.
The class begins at nine.
Return it to me, please.
Let x be the number of apples.
From here, the view is great.
Print your name here, please.
The printer prints (slowly).
Public parks are free.
Static is noise on the radio.
""")

_FRAMES = (
    ("Do you like {}?", "apples|old songs|the sea|loud music|hot soup|your street|long walks|fresh bread|snow|my new hat"),
    ("I have never seen {}.", "a whale|a real castle|so many stars|snow in May|a blue frog|such a small car|a tiger"),
    ("My {} is very old.", "bike|house|dog|clock|coat|uncle|radio|piano|phone|chair"),
    ("Where is the {}? It is on the {}.", "cup/table|cat/roof|book/shelf|ball/grass|pen/floor|key/hook|bird/branch|hat/bed"),
    ("What colour is {}?", "the sky|your door|a ripe plum|the grass in summer|that bus|your favourite shirt"),
    ("{} is my favourite day.", "Monday|Friday|Sunday|Today|My birthday|New Year's Day"),
    ("Yesterday I {}.", "baked a cake|met an old friend|fell off my bike|read two books|cleaned the whole house|slept until noon"),
    ("I think {} are nice, don't you?", "rainy days|small shops|owls|old maps|quiet evenings|pancakes|hedgehogs"),
    ("{}! That is a good word.", "Umbrella|Giggle|Pumpkin|Butterfly|Thunder|Marmalade|Bubble"),
    ("How do you say {} when you are little?", "rabbit|grandfather|thank you|I am hungry|good night"),
    ("There are {} {} in the box.", "two/pens|nine/eggs|no/shoes|many/toys|seven/spoons|only three/nails|a few/coins"),
    ("If it is {}, we can {}.", "sunny/swim|cold/make tea|dark/look at the stars|windy/fly a kite|late/take a taxi"),
    ("A {} is bigger than a {}.", "horse/dog|cow/hen|lake/pond|lorry/car|city/village|bear/fox|plane/kite|tree/bush"),
    ("Can a {} fly? No, but a {} can.", "cat/bird|fish/bee|cow/bat|stone/plane|snail/moth"),
    ("{} and {} go well together.", "Salt/pepper|Bread/cheese|Fish/chips|Rain/boots|Tea/toast|Snow/hot chocolate"),
    ("The {} sleeps in the {}.", "fox/den|baby/cradle|king/castle|bat/cave|farmer/barn|sailor/cabin"),
    ("Please give me the {}. Thank you!", "salt|blue pen|big spoon|map|other shoe|bag with the apples"),
)  # fmt: skip


def _framed() -> tuple[str, ...]:
    return tuple(frame.format(*filling.split("/")) for frame, fillings in _FRAMES for filling in fillings.split("|"))


GOOD = (*_TRICKY, *_framed())
