"""What Rasa may do besides talk. It writes nowhere: a result travels back in the answer.

triage_form     reads the tracker, lets the rules decide, writes the slots
next_question   the rules: from what was said to the next question, or to the end
problems        what can be wrong, as agents read it, and which details each problem needs
words           what is said to the customer, in each language
hand_off        the last word and the triage result
stop            the same for somebody who wants no more of us
"""
