//! What users read when a line cannot be done.

use super::Bench;

#[tokio::test]
async fn each_error_shows_the_place_and_the_nearest_thing() {
    let bench = Bench::new().await;
    bench.ann("close #").await;
    let mut page = String::new();
    for line in [
        "",
        "tak #",
        "take",
        "take TKT-20261120-9999",
        "take # now",
        "assign #",
        "assign # bobb",
        "team # suport",
        "status # resolvd",
        "status # resolved",
        "show # --al",
        "show # --all=yes",
        "open \"The export",
        "open Printer --category bilings",
        "open Printer --category",
        "open Printer --field project",
        "open Printer --field project=apollo",
        "open Printer --requester nobody",
        "open Printer --requester a@b@c",
        "reply #",
        "comment # hello",
        "help tkae",
    ] {
        let line = line.replace('#', bench.number());
        let error = bench.desk.command(&bench.ann, &line).await.unwrap_err();
        page.push_str(&format!("{error}\n\n"));
    }
    for line in ["take #", "note # hm"] {
        let line = line.replace('#', bench.number());
        let error = bench.desk.command(&bench.carla, &line).await.unwrap_err();
        page.push_str(&format!("{error}\n\n"));
    }
    insta::assert_snapshot!(page);
    bench.close().await;
}
