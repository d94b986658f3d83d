//! What a command answers, word by word.

use frontdesk::command::Caller;
use frontdesk::people::Role;
use frontdesk::ticket::Source;

use super::Bench;

#[tokio::test]
async fn a_ticket_is_shown_to_staff_and_to_its_requester() {
    let bench = Bench::new().await;
    bench.ann("take #").await;
    bench
        .ann("note # **She** pays [late](https://x.test)")
        .await;
    let line = format!("show {}", bench.number());
    let to_staff = bench.desk.command(&bench.ann, &line).await.unwrap();
    let to_carla = bench.desk.command(&bench.carla, &line).await.unwrap();
    insta::assert_snapshot!(format!("{}\n\n=====\n{}", to_staff.text, to_carla.text));
    bench.close().await;
}

#[tokio::test]
async fn help_lists_what_one_may_do_and_explains_it() {
    let bench = Bench::new().await;
    let say = async |who, line: &str| bench.desk.command(who, line).await.unwrap().text;
    let all = say(&bench.ann, "help").await;
    let customers = say(&bench.carla, "help").await;
    let one = say(&bench.ann, "help open").await;
    assert_eq!(one, say(&bench.ann, "open --help").await);
    insta::assert_snapshot!(format!("{all}\n\n=====\n{customers}\n\n=====\n{one}"));
    bench.close().await;
}

#[tokio::test]
async fn everybody_learns_who_the_desk_takes_them_for() {
    let bench = Bench::new().await;
    let nobody = Caller {
        person: None,
        role: Role::Customer,
        source: Source::Chat,
        ticket: None,
        account: None,
        files: &[],
    };
    let ann = bench.desk.command(&bench.ann, "whoami").await.unwrap();
    let carla = bench.desk.command(&bench.carla, "whoami").await.unwrap();
    let nobody = bench.desk.command_of(&nobody, "whoami").await.unwrap();
    insta::assert_snapshot!(format!("{}\n\n{}\n\n{}", ann.text, carla.text, nobody.text));
    bench.close().await;
}

#[tokio::test]
async fn public_words_show_who_gets_them_and_the_way_back_whatever_command_says_them() {
    let bench = Bench::new().await;
    let number = bench.number().to_owned();
    let say = async |line: &str| {
        let line = line.replace('#', &number);
        bench.desk.command(&bench.ann, &line).await.unwrap()
    };
    for line in [
        "reply # It works again",
        "resolve # It works again",
        "resolve # --ask -- It works again",
    ] {
        let said = say(line).await;
        let text = said.plain();
        assert!(
            text.contains("It goes to carla@customer.test in "),
            "{line}: {text}"
        );
        let id = said.comment.unwrap();
        let undo = format!("undo --ticket {number} --comment {id}");
        assert_eq!(said.offers[0].line, undo, "{line}");
        let edited = say(&format!("edit # {id} It works again.")).await;
        assert!(
            edited
                .plain()
                .contains("It goes to carla@customer.test in "),
            "{line}: {}",
            edited.plain()
        );
        assert_eq!(edited.offers[0].line, undo, "{line}");
        say(&undo).await;
        assert_eq!(bench.desk.ticket().await.status, "open", "{line}");
        assert!(bench.desk.take_mail().await.is_empty(), "{line}");
    }
    // An internal note has neither.
    let note = say("note # between us").await;
    let edited = say(&format!(
        "edit # {} between ourselves",
        note.comment.unwrap()
    ))
    .await;
    assert!(edited.offers.is_empty() && !edited.plain().contains("It goes to"));
    bench.close().await;
}

#[tokio::test]
async fn what_is_typed_is_completed_for_done_tickets_and_tags_and_handles_too() {
    let bench = Bench::new().await;
    bench.ann("tag # vip").await;
    bench.ann("resolve # ").await;
    let complete = async |option: &str, typed: &str| -> Vec<String> {
        let caller = Caller {
            person: Some(&bench.ann),
            role: Role::Agent,
            source: Source::Chat,
            ticket: None,
            account: None,
            files: &[],
        };
        let mut conn = bench.desk.app.pool.acquire().await.unwrap();
        let scene = bench.desk.app.scene();
        let offered = frontdesk::command::complete(&mut conn, &scene, &caller, option, typed);
        let offered = offered.await.unwrap().into_iter();
        offered.map(|(value, _)| value).collect()
    };
    let number = bench.number();
    let tail = number.rsplit('-').next().unwrap().trim_start_matches('0');
    for typed in [number, tail, "export", ""] {
        assert_eq!(complete("ticket", typed).await, [number], "{typed}");
    }
    assert!(complete("ticket", "nothing like it").await.is_empty());
    assert_eq!(complete("tags", "+v").await, ["+vip"]);
    assert_eq!(complete("tags", "new,-VI").await, ["new,-vip"]);
    assert_eq!(complete("to", "an").await, ["ann"]);
    bench.close().await;
}
