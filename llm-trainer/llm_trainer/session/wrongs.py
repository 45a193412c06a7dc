"""The wordings and shapes by which unusable text is known, one per line. Spaces in them are spaces."""

from __future__ import annotations

import re

from llm_trainer.session.wording import listed


def _any(listed: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern that finds any of the lines."""
    return re.compile("|".join(f"(?:{line.strip()})" for line in listed.strip().split("\n")), flags)


# ---------------------------------------------------------------- shapes: found in the raw text

JSON = _any(
    r"""
    ^\s{0,9}(?:json\s{0,3})?[\[{]\s{0,20}["'\[{\]}]
    [\[{]\s{0,9}(?:["']|\w{1,30}\s?:\s?["'\d\[{])
    ["'][\w-]{1,40}["']\s?:\s?[\[{"'\dtfn-]
    ^\s{0,9}[\[{][^\n]{0,200}[}\]]\s{0,9}$
    (?:^|\s)[\[{]\s?[\]}](?:$|\s)
    <tool_call>
    <function
    \[TOOL_CALLS\]
    """,
    re.MULTILINE,
)
HTML = _any(
    r"""
    </?(?:html|head|body|div|p|br|span|b|i|em|strong|u|ul|ol|li|h[1-6]|table|tr|td|th|a|img)(?:\s[^<>]{0,300})?/?>
    </?(?:script|style|font|center|form|input|button|meta|link|title|code|pre|svg|iframe)(?:\s[^<>]{0,300})?/?>
    </?(?:section|article|xml|item|root|blockquote|hr|small|sup|sub)(?:\s[^<>]{0,300})?/?>
    <!DOCTYPE
    <\?xml
    <!--
    """,
    re.IGNORECASE,
)
CODE = _any(
    r"""
    ```
    ~~~\w
    ^\s{0,9}(?:def|class|function|public|private|static|const|var|func|fn)\s[\w.*{}<>"' ,]{1,60}(?:\(|=|;|<|\{|:$)
    ^\s{0,9}let \w{1,20} = \S
    ^\s{0,9}(?:import|from|using|#include)\s{1,3}<?[\w.]{1,40}>?(?:;|\simport\s|$)
    \b(?:console\.log|System\.out\.print\w{0,3}|printf|print|println|input|range|len|return)!?\([^)\n]{0,80}\)
    \b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b.{1,80}\b(?:FROM|VALUES|SET|WHERE)\b
    =>\s?\{
    \)\s?\{$
    ^\s{0,9}#!/
    ^\s{0,9}\$ \w
    ^\s{0,9}(?:sudo|pip|npm|git|apt-get|curl) [\w-]
    \w\([\w'", ]{0,40}\);
    \bif __name__\b
    \\(?:frac|begin|boxed|text|sqrt)\{
    \$\$
    """,
    re.MULTILINE,
)
TABLE = _any(
    r"""
    ^\s{0,3}\|[^\n]{0,200}\|[^\n]{0,200}\|?\s{0,3}$
    ^\s?\|?[ :]?-{3,60}[ :]?\|
    """,
    re.MULTILINE,
)
FAILURE = _any(
    r"""
    ^\W{0,3}(?:error|fatal|exception|traceback|warning|runtimeerror|valueerror|http)\b\W{0,3}[^\n]{0,20}(?::|\d{3}|\()
    ^\W{0,3}\[(?:error|fatal|warning|info|debug)\]
    traceback \(most recent
    internal server error
    cuda (?:error|out of memory)
    connection (?:refused|reset by peer)
    rate limit (?:exceeded|reached)
    context length exceeded
    maximum context length
    \[object object\]
    \bmodel ['"\w][^\n]{0,60} not found\b
    service unavailable
    bad gateway
    too many requests
    segmentation fault
    \bapi key\b
    <nil>
    """,
    re.IGNORECASE,
)
NOTHING = listed("nan null none undefined nil n/a -nan inf -inf void infinity -infinity")

# ---------------------------------------------------------------- sayings: found in mended text, folded

_CANNOT = (
    r"\bi (?:can'?t|cannot|can not|could not|couldn't|won't|will not|am (?:not able|unable) to|"
    r"must (?:decline|refuse) to|(?:am not|'m not) (?:allowed|permitted|programmed|designed) to) (?:be able to )?"
)
_AM = r"\bi(?:'m| am)"
_NOT_ABLE = "(?:not able|unable|not allowed|not permitted|not programmed|not designed)"
REFUSAL = _any(
    rf"""
    {_CANNOT}(?:assist|fulfil|comply|generate|create (?:that|this|such)|engage in|participate|continue (?:with )?this)
    {_CANNOT}(?:discuss|produce|respond to|write (?:that|this)|complete (?:that|this))
    {_CANNOT}answer (?:that|this|your) question
    {_CANNOT}provide (?:that|this|any|medical|legal|financial|information|advice|such)
    {_CANNOT}help (?:you )?with (?:that|this|your request|such)
    {_CANNOT}(?:process (?:that|this|your)|share (?:that|my)|support (?:that|this)|role-?play|pretend|reveal|disclose)
    {_CANNOT}(?:talk about (?:that|this)|give (?:medical|legal|financial)|answer such)
    {_AM} {_NOT_ABLE} to (?:assist|comply|fulfil|discuss)
    {_AM} {_NOT_ABLE} to (?:answer|talk|have|provide|role|engage|generate|continue (?:with )?this)
    {_AM} {_NOT_ABLE} to help (?:you )?with (?:that|this|your request|such)
    {_AM} (?:sorry|afraid)[^.!?]{{0,40}}\b(?:not (?:something|able|comfortable)|unable|against (?:my|our|the) )
    \bagainst my (?:guidelines|programming|policy|policies|principles)\b
    \b(?:content|usage|safety|ethical|community) (?:policy|policies|guidelines)\b
    \bunable to (?:assist|comply|fulfil)
    \bi (?:don't|do not) feel comfortable
    \bi (?:don't|do not) have (?:the ability to|access to (?:real|the internet|current|personal))
    \bi (?:don't|do not) have (?:personal|a physical body|real (?:feelings|emotions)|human) ?
    \bas (?:a )?responsible ai
    ^(?:request denied|i must decline|i decline)\b
    \bmy (?:knowledge cutoff|training data|creators|developers)\b
    \bi was (?:trained|created|developed) (?:by|to)\b
    {_AM} (?:just|only|simply) (?:an? )?(?:ai|computer program|machine|program|bot)\b
    \binappropriate (?:request|content)\b
    \bplease (?:provide|give|specify) (?:me )?(?:with )?(?:more|the|a|some) (?:context|text|topic|input|prompt)\b
    \bviolates? (?:my|our)\b
    """
)
MACHINE = _any(
    rf"""
    \b(?:as|being|i am|i'm) (?:just |only |simply )?(?:an?|your) (?:[\w-]{{1,12}} ){{0,2}}?(?:ai|chatbot|llm)\b
    \b(?:as|being|i am|i'm) (?:just |only |simply )?an? (?:[\w-]{{1,12}} ){{0,2}}?a\.i\.
    \b(?:as|being|i am|i'm) an? (?:artificial intelligence|machine learning)\b
    \b(?:as|being|i am|i'm) (?:just |only |simply )?an? (?:virtual|digital) assistant\b
    \b(?:as|being|i am|i'm) (?:just |only |simply )?an? computer program\b
    \blanguage model\b
    \bai (?:language )?(?:model|assistant|system|tutor)\b
    \bopenai\b
    {_AM} (?:gpt|gemma|llama|qwen|mistral|phi|deepseek)\b
    \bmy name is (?:gpt|gemma|llama|qwen|mistral|deepseek)\b
    \b(?:trained|developed|created|made) by (?:openai|google|meta|microsoft|mistral|alibaba|deepseek)\b
    """
)
_SO = r"^(?:okay|ok|alright|hmm+|well|so|first|right|wait|now)?[,.:]? {0,2}(?:so,? )?"
_US = rf"{_SO}(?:we|i) (?:need|have|should|must|am supposed) (?:to )?"
_DOES = (
    r"(?:is|was|wants?|says?|said|asks?|asked|has|have|just|seems?|needs?|wrote|made|starts?|so far|tells?|might|"
    r"repeated|greeted|should|must)\b"
)
THINKING = _any(
    rf"""
    {_SO}(?:the|this) (?:user|human|assistant|learner) {_DOES}
    {_SO}(?:the|this) (?:instructions?|prompt|system prompt) {_DOES}
    {_SO}(?:the|this) (?:student|child) (?:said|wrote|wants me|asked me|just|repeated|made a)\b
    {_SO}(?:the|this) conversation (?:so far|is about)\b
    {_SO}(?:the|this|my) task (?:is to|says)\b
    {_US}(?:respond|output|craft|generate|act as|come up with|speak as|follow the|start by|be careful)
    {_US}answer (?:the (?:user|question|human)|with|in|as|politely)
    {_US}reply (?:with|in|as|to the)
    {_US}(?:keep (?:it (?:short|simple)|my)|use (?:very |only )?(?:short|simple|common|easy) (?:words|sentences))
    {_US}(?:write|produce|make) (?:an?|one|two|the|my) (?:short|simple|brief|reply|response|sentence|natural)
    {_SO}let me (?:think (?:step|about how|about what)|see what the user|craft|respond|analy)
    {_SO}let's (?:think step|craft|respond|produce|analy|output)
    {_SO}my (?:task|role|response|goal|job) (?:is to|should)
    {_SO}according to the (?:prompt|instructions)
    {_SO}(?:thinking process|thought process|step 1)\b
    \bthe user (?:is|was|wants|said|says|asked|asks|has|might|just|seems|needs|wrote)\b
    \b(?:respond|reply|answer) (?:to|as) the (?:user|human)\b
    \bthe (?:system )?prompt (?:says|said|asks|tells)\b
    \bmy (?:system )?(?:prompt|instructions) (?:is|are|says?|tells?)\b
    """
)
PLACEHOLDER = _any(
    r"""
    \{\{?[a-z_ ]{1,40}\}?\}
    \[(?:your|insert|name|topic|my|the|user(?! ?\d)|city|date|place)\b[^\[\]\n]{0,60}\]
    \[(?:partner|fill|add|learner|student|child)\b[^\[\]\n]{0,60}\]
    <(?:your|insert|name|topic|user|the|learner)[ _-]?[a-z _-]{0,30}>
    %s\b
    \$\{[^}\n]{1,40}\}
    \blorem ipsum\b
    """,
    re.IGNORECASE,
)
ADDRESS = re.compile(r"https?://\S|\bdata:\w{1,20}/")
