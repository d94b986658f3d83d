"""An app by Slack's Bolt, for the stand-in for Slack: it uses what Frontdesk uses, and says what it saw.

Arguments: the address of the stand-in, a bot's token, an app's token, the id of a channel and of a person.
"""

import os
import sys
import threading
import urllib.request

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

url, bot_token, app_token, channel, person = sys.argv[1:6]
client = WebClient(token=bot_token, base_url=url)
app = App(client=client, signing_secret="of no use in Socket Mode")
ended = threading.Event()


def say(*words):
    print(*words, flush=True)


def mrkdwn(text):
    return {"type": "mrkdwn", "text": text}


def plain(text):
    return {"type": "plain_text", "text": text}


def button(label, value):
    return {"type": "button", "action_id": label, "text": plain(label), "value": value}


CARD = [
    {"type": "header", "text": plain("TKT-7")},
    {"type": "section", "fields": [mrkdwn("*Status*\nnew")]},
    {"type": "context", "elements": [mrkdwn("by mail")]},
    {"type": "actions", "block_id": "0@", "elements": [button("take", "take:7"), button("reply", "reply:7")]},
    {
        "type": "actions",
        "block_id": "1@",
        "elements": [
            {
                "type": "static_select",
                "action_id": "more:7",
                "placeholder": plain("More"),
                "options": [{"text": plain("Close"), "value": "close:7"}],
            }
        ],
    },
]
FORM = {
    "type": "modal",
    "callback_id": "send:7",
    "private_metadata": "7",
    "title": plain("Reply"),
    "submit": plain("Send"),
    "close": plain("Cancel"),
    "blocks": [
        {
            "type": "input",
            "block_id": "text",
            "label": plain("Text"),
            "element": {"type": "plain_text_input", "action_id": "value", "multiline": True, "max_length": 3000},
        }
    ],
}


@app.event("message")
def on_message(event):
    if event.get("bot_id") or (event.get("message") or {}).get("bot_id"):
        return
    if (event.get("previous_message") or {}).get("bot_id"):
        return
    subtype = event.get("subtype")
    if subtype == "message_changed":
        say("edited", event["message"]["text"])
    elif subtype == "message_deleted":
        say("deleted", event["deleted_ts"])
    elif subtype == "file_share":
        file = event["files"][0]
        request = urllib.request.Request(file["url_private"], headers={"Authorization": f"Bearer {bot_token}"})
        say("file", urllib.request.urlopen(request).read().decode())
    elif event["text"] == "farewell":
        say("bye")
        ended.set()
    elif "<@" not in event["text"]:
        name = client.users_info(user=event["user"])["user"]["profile"]["display_name"]
        say("message", name, event["text"], event.get("thread_ts"))


@app.event("app_mention")
def on_mention(event):
    say("mention", event["text"])


@app.event("reaction_added")
def on_reaction(event):
    say("marked", event["reaction"])


@app.command("/ticket")
def on_command(ack, command, respond):
    ack()
    say("command", command["text"])
    respond(text="shown", response_type="ephemeral")


@app.action("take")
def on_take(ack, action, respond):
    ack()
    say("button", action["value"])
    respond(text="taken", response_type="ephemeral", replace_original=False)


@app.action("more:7")
def on_more(ack, action):
    ack()
    say("chosen", action["selected_option"]["value"])


@app.action("reply")
def on_reply(ack, body):
    ack()
    client.views_open(trigger_id=body["trigger_id"], view=FORM)


@app.view("send:7")
def on_form(ack, view):
    ack()
    value = view["state"]["values"]["text"]["value"]["value"]
    say("form", value, "for", view["private_metadata"])


@app.shortcut("open_a_ticket")
def on_menu(ack, shortcut):
    ack()
    say("menu", shortcut["message"]["text"])


def names():
    name = client.users_info(user=person)["user"]["profile"]["display_name"]
    groups = client.usergroups_list(include_users=True)["usergroups"]
    member = client.conversations_info(channel=channel)["channel"]["is_member"]
    say("who", name, *[it["id"] for it in groups if person in it["users"]], member)


def posts():
    metadata = {"event_type": "frontdesk_post", "event_payload": {"nonce": "n1"}}
    card = client.chat_postMessage(channel=channel, text="A ticket", blocks=CARD, metadata=metadata)["ts"]
    client.chat_update(channel=channel, ts=card, text="A ticket, edited", blocks=CARD)
    client.reactions_add(channel=channel, timestamp=card, name="eyes")
    client.chat_postMessage(channel=channel, thread_ts=card, text="in the thread")
    client.files_upload_v2(channel=channel, thread_ts=card, file=__file__, filename="log.txt")
    client.chat_postEphemeral(channel=channel, user=person, text="for you alone")
    direct = client.conversations_open(users=person)["channel"]["id"]
    client.chat_postMessage(channel=direct, text="in private")
    gone = client.chat_postMessage(channel=channel, text="gone soon")["ts"]
    client.chat_delete(channel=channel, ts=gone)
    history = client.conversations_history(channel=channel, limit=10, include_all_metadata=True)
    say("history", *[it["text"] for it in history["messages"]])
    say("nonce", history["messages"][0]["metadata"]["event_payload"]["nonce"])
    replies = client.conversations_replies(channel=channel, ts=card)
    say("replies", "|".join(it["text"] for it in replies["messages"]))
    return card


assert "chat:write" in client.auth_test().headers["x-oauth-scopes"]
names()
card = posts()
handler = SocketModeHandler(app, app_token, web_client=client)
handler.connect()
say("ready", card)
ended.wait()
handler.close()
os._exit(0)
