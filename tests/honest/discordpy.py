"""A bot by discord.py, for the stand-in for Discord: it uses what Frontdesk uses, and says what it saw.

Arguments: the address of the stand-in, a token, the id of the server and of a channel.
"""

import asyncio
import sys

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

url, token, guild_id, channel_id = sys.argv[1].rstrip("/"), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
Route.BASE = f"{url}/api/v10"
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url.replace("http://", "ws://") + "/gateway")

intents = discord.Intents(guilds=True, guild_messages=True, guild_reactions=True, message_content=True)
client = discord.Client(intents=intents, allowed_mentions=discord.AllowedMentions.none())
tree = app_commands.CommandTree(client)
guild = discord.Object(guild_id)


def say(*words):
    print(*words, flush=True)


class Form(discord.ui.Modal, title="Reply"):
    text = discord.ui.TextInput(label="Text", custom_id="text", style=discord.TextStyle.paragraph)

    def __init__(self):
        super().__init__(custom_id="send:7")

    async def on_submit(self, interaction):
        await interaction.response.defer(ephemeral=True, thinking=True)
        say("form", self.text.value)
        await interaction.edit_original_response(content="sent")


class Buttons(discord.ui.View):
    def __init__(self):
        super().__init__(timeout=None)

    @discord.ui.button(label="Take", custom_id="take:7", style=discord.ButtonStyle.success)
    async def take(self, interaction, _):
        await interaction.response.defer(ephemeral=True, thinking=True)
        say("button", interaction.user.display_name)
        await interaction.edit_original_response(content="taken")

    @discord.ui.button(label="Reply", custom_id="reply:7")
    async def reply(self, interaction, _):
        await interaction.response.send_modal(Form())


@tree.command(name="note", description="Adds a note", guild=guild)
@app_commands.describe(ticket="The ticket", text="The text")
async def note(interaction: discord.Interaction, ticket: str, text: str):
    await interaction.response.defer(ephemeral=True, thinking=True)
    say("command", ticket, text)
    await interaction.edit_original_response(content="noted")


@note.autocomplete("ticket")
async def tickets(_: discord.Interaction, typed: str):
    return [app_commands.Choice(name=f"{typed}-1 It broke", value=f"{typed}-1")]


@client.event
async def on_ready():
    for command in tree.get_commands(guild=guild):
        payload = command.to_dict(tree)
        await client.http.upsert_guild_command(client.application_id, guild_id, payload)
    channel = client.get_channel(channel_id)
    card = discord.Embed(title="TKT-7").add_field(name="Status", value="new").set_footer(text="by mail")
    message = await channel.send("A ticket", embed=card, view=Buttons())
    await message.edit(content="A ticket, edited")
    await message.add_reaction("👀")
    thread = await message.create_thread(name="TKT-7", auto_archive_duration=10080)
    await thread.send("with a file", file=discord.File(__file__, filename="log.txt"))
    await thread.edit(archived=True)
    private = await channel.create_thread(name="private", type=discord.ChannelType.private_thread, auto_archive_duration=10080, invitable=False)
    await private.send("for some")
    gone = await channel.send("gone soon")
    await gone.delete()
    history = [it.content async for it in channel.history(limit=10)]
    say("history", *history)
    say("ready", message.id)


@client.event
async def on_message(message):
    if message.author.bot:
        return
    say("message", message.author.display_name, message.content)
    if message.content == "farewell":
        await client.close()


@client.event
async def on_message_edit(_, after):
    if not after.author.bot:
        say("edited", after.content)


@client.event
async def on_raw_reaction_add(reaction):
    say("marked", reaction.emoji.name)


@client.event
async def on_resumed():
    say("resumed")


asyncio.run(client.start(token))
