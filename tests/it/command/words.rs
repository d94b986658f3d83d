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
