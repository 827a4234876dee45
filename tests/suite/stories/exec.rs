//! Running a program with the values in its environment: `exec`.

use crate::harness::World;

#[test]
fn paths_become_names_that_environment_sources_read_back() {
    let (_world, alice) = World::solo();
    alice.run("set database.pool.max_size=33 'server.\"tls-cert\"=/a' --reason x").ok();
    let out = alice.run("exec --prefix database.pool --prefix server --prefix session_timeout_minutes --env-prefix APP_ -- env").ok();
    let mut found: Vec<&str> = out.lines().filter(|line| line.starts_with("APP_")).collect();
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "APP_DATABASE_POOL__MAX_SIZE=33",
            "APP_DATABASE_POOL__MIN_SIZE=4",
            "APP_SERVER_ADDRESS=127.0.0.1",
            "APP_SERVER_MAX_CONNECTIONS=1000",
            "APP_SERVER_NAME=localhost",
            "APP_SERVER_PORT=4949",
            "APP_SERVER_REQUEST_TIMEOUT=30",
            "APP_SERVER_TLS_CERT=/a",
            "APP_SESSION_TIMEOUT_MINUTES=120",
        ]
    );
    assert!(alice.run("exec --prefix server -- env").ok().contains("\nSERVER_PORT=4949\n"));
    alice.run("set server.port 5050 --reason x").ok();
    assert_eq!(alice.run("exec --prefix server --at 1 -- sh -c 'echo $SERVER_PORT'").ok(), "4949\n");
}

#[test]
fn the_program_takes_this_ones_place_with_its_own_exit_code_and_without_the_token() {
    let (_world, alice) = World::solo();
    alice.run("exec -- sh -c 'echo $AUTH_BACKENDS; exit 41'").exits(41);
    assert_eq!(alice.run_with_input("exec -- cat", "through\n").ok(), "through\n");
    let token = alice.run("member token").ok();
    let by_token = alice.with("CFGCTL_TOKEN", token.trim());
    assert!(
        !by_token.run("exec --prefix server -- env").ok().contains(token.trim()),
        "the token reached the program"
    );
    alice.run("exec -- ./no-such-program").refused(3, "no-such-program");
    alice.run("exec --prefix server").refused(2, "COMMAND");
    alice.run("exec --prefix nothing -- true").refused(3, "nothing");
    alice.run("set a.b-c=1 a.b_c=2 --reason x").ok();
    alice.run("exec --prefix a -- true").refused(5, "A_B_C");
}
