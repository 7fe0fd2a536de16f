//! Commands: the server's codes, what requests print, and replies.

use odm_core::bson::{
    self, Bson, DateTime, Decimal128, Document, RawDocumentBuf, Timestamp, bson, doc,
};
use odm_core::{
    Command, CommandKind, CreateIndexesOutcome, DeleteOutcome, Error, ErrorCode, Find,
    FindAndModifyOutcome, InsertOutcome, Namespace, Operation, RawDoc, UpdateOutcome, Upserted,
    Verbosity, WriteError, WriteFailure, WriteSummary, reply,
};

/// A command that the server takes, of each kind.
fn base(command: &str) -> Document {
    match command {
        "find" => doc! { "find": "e" },
        "aggregate" => doc! { "aggregate": "e", "pipeline": [], "cursor": {} },
        "count" => doc! { "count": "e" },
        "distinct" => doc! { "distinct": "e", "key": "a" },
        "insert" => doc! { "insert": "e", "documents": [{ "a": 1 }] },
        "update" => doc! { "update": "e", "updates": [{ "q": {}, "u": { "$set": { "a": 1 } } }] },
        "delete" => doc! { "delete": "e", "deletes": [{ "q": {}, "limit": 1 }] },
        "findAndModify" => doc! { "findAndModify": "e", "update": { "$set": { "a": 1 } } },
        "create" => doc! { "create": "cr" },
        "createIndexes" => {
            doc! { "createIndexes": "e", "indexes": [{ "key": { "a": 1 }, "name": "a_1" }] }
        }
        "dropIndexes" => doc! { "dropIndexes": "e", "index": "*" },
        "renameCollection" => doc! { "renameCollection": "db.e", "to": "db.r2" },
        "getMore" => doc! { "getMore": 1_i64, "collection": "e" },
        "killCursors" => doc! { "killCursors": "e", "cursors": [1_i64] },
        "explain" => doc! { "explain": { "find": "e" } },
        "drop" | "listIndexes" => doc! { command: "e" },
        _ => doc! { command: 1 },
    }
}

fn value(name: &str) -> Bson {
    match name {
        "int" => 1.into(),
        "zero" => 0.into(),
        "neg" => (-1).into(),
        "long" => 1_i64.into(),
        "dbl" => 1.0.into(),
        "frac" => 1.5.into(),
        "big" => 1e10.into(),
        "nan" => f64::NAN.into(),
        "inf" => f64::INFINITY.into(),
        "dec" => "1".parse::<Decimal128>().unwrap().into(),
        "decf" => "1.5".parse::<Decimal128>().unwrap().into(),
        "str" => "x".into(),
        "null" => Bson::Null,
        "bool" => true.into(),
        "obj" => doc! {}.into(),
        "objx" => doc! { "x": 1 }.into(),
        "arr" => bson!([]),
        "arrx" => bson!([{ "x": 1 }]),
        "date" => DateTime::from_millis(0).into(),
        "ts" => Timestamp { time: 1, increment: 1 }.into(),
        other => panic!("no value {other}"),
    }
}

/// Sets `path` in `doc`: `a.b` also in the first element of an array `a`, `a[]` to an array of it.
fn set(doc: &mut Document, path: &str, value: Bson) {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if let Some(name) = name.strip_suffix("[]") {
        doc.insert(name, vec![value]);
        return;
    }
    let Some(rest) = rest else {
        doc.insert(name, value);
        return;
    };
    let part = doc.entry(name.to_owned()).or_insert_with(|| doc! {}.into());
    let part = match part {
        Bson::Array(elements) => elements.first_mut().unwrap(),
        part => part,
    };
    set(part.as_document_mut().unwrap(), rest, value);
}

fn code(command: &Document) -> i32 {
    let admin = ["listDatabases", "renameCollection"].iter().any(|it| command.contains_key(it));
    match Command::parse(if admin { "admin" } else { "db" }, command) {
        Ok(_) => 0,
        Err(error) => error.code().expect("refusals have codes"),
    }
}

/// Every field of every command, with values of all types.
///
/// Recorded from a MongoDB 6.0.5; left out is what it finds only by running the command.
#[test]
fn codes_of_fields() {
    let mut differences = String::new();
    let mut asked = 0;
    for line in include_str!("data/commands.txt").lines() {
        let (what, answers) = line.split_once(" : ").unwrap();
        let (command, field) = what.split_once(' ').unwrap();
        if let Some(field) = field.strip_prefix('-') {
            let mut doc = base(command);
            doc.remove(field).expect("a field that can be missing");
            assert_eq!(code(&doc).to_string(), answers, "{doc}");
            continue;
        }
        for answer in answers.split(" | ") {
            let mut words = answer.split(' ');
            let expected: i32 = words.next().unwrap().parse().unwrap();
            for name in words {
                let mut doc = base(command);
                set(&mut doc, field, value(name));
                asked += 1;
                if code(&doc) != expected {
                    let ours = code(&doc);
                    differences += &format!("{command} {field} {name}: {expected}, ours {ours}\n");
                }
            }
        }
    }
    assert!(asked > 3000, "{asked}");
    assert!(differences.is_empty(), "\n{differences}");
}

#[track_caller]
fn check_code(command: Document, expected: i32) {
    assert_eq!(code(&command), expected, "{command}");
}

#[test]
fn codes_of_commands() {
    check_code(doc! {}, 59);
    check_code(doc! { "foo": 1 }, 59);
    check_code(doc! { "Find": "e" }, 59);
    check_code(doc! { "listindexes": "e" }, 59);
    check_code(doc! { "bulkWrite": 1 }, 59);
    check_code(doc! { "findandmodify": "e", "remove": true }, 0);
    check_code(doc! { "hello": 1, "foo": 1 }, 0);
    check_code(doc! { "ismaster": 1 }, 0);
    let on = |database: &str, command: Document| Command::parse(database, &command);
    assert_eq!(on("db", doc! { "listDatabases": 1 }).unwrap_err().code(), Some(13));
    let rename = doc! { "renameCollection": "a.b", "to": "a.c" };
    assert_eq!(on("db", rename.clone()).unwrap_err().code(), Some(13));
    on("admin", rename).unwrap();
    for name in ["", "a.b", "a b", "a/b", "a\\b", "a\"b"] {
        assert_eq!(on(name, doc! { "ping": 1 }).unwrap_err().code(), Some(73), "{name}");
    }
    on("a$b", doc! { "ping": 1 }).unwrap();
    assert_eq!(on("a$b", doc! { "find": "c" }).unwrap_err().code(), Some(73));
    on(&"x".repeat(63), doc! { "find": "c" }).unwrap();
    assert_eq!(on(&"x".repeat(64), doc! { "find": "c" }).unwrap_err().code(), Some(73));
}

#[test]
fn codes_of_collection_names() {
    let insert = |name: &str| doc! { "insert": name, "documents": [{}] };
    for name in ["", ".a", "$a", "a$b", "a.$b", "$cmd"] {
        check_code(doc! { "find": name }, 73);
        check_code(insert(name), 73);
        check_code(doc! { "count": name }, 73);
        check_code(doc! { "distinct": name, "key": "a" }, 73);
    }
    for name in ["a.", "a..b", "a b", "é", "system.js", "system.users"] {
        check_code(doc! { "find": name }, 0);
        check_code(insert(name), 0);
    }
    for name in ["system.x", "system.views", &*"x".repeat(255)] {
        check_code(doc! { "find": name }, 0);
        check_code(insert(name), 73);
        check_code(doc! { "delete": name, "deletes": [{ "q": {}, "limit": 1 }] }, 73);
        check_code(doc! { "findAndModify": name, "remove": true }, 73);
    }
    check_code(doc! { "find": "a.system.b" }, 0);
    check_code(insert("a.system.b"), 2);
    check_code(doc! { "aggregate": "$a", "pipeline": [], "cursor": {} }, 0);
    check_code(doc! { "drop": "$a" }, 0);
    check_code(doc! { "drop": ".a" }, 73);
}

#[test]
fn codes_of_conflicting_fields() {
    let find_and_modify = |rest: Document| {
        let mut command = doc! { "findAndModify": "t", "query": { "_id": -5 } };
        command.extend(rest);
        command
    };
    let update = || doc! { "$set": { "a": 1 } };
    check_code(find_and_modify(doc! { "remove": true, "update": update() }), 9);
    check_code(find_and_modify(doc! { "remove": true, "new": true }), 9);
    check_code(find_and_modify(doc! { "remove": true, "upsert": true }), 9);
    check_code(find_and_modify(doc! {}), 9);
    check_code(find_and_modify(doc! { "remove": false }), 9);
    check_code(find_and_modify(doc! { "remove": false, "update": update() }), 0);
    check_code(find_and_modify(doc! { "remove": f64::NAN }), 0);
    check_code(find_and_modify(doc! { "remove": true, "new": false }), 0);
    check_code(find_and_modify(doc! { "remove": true, "fields": { "a": 1 } }), 0);
    check_code(find_and_modify(doc! { "remove": true, "arrayFilters": [] }), 9);
    check_code(find_and_modify(doc! { "update": [update()], "arrayFilters": [] }), 9);
    let create = |rest: Document| {
        let mut command = doc! { "create": "c" };
        command.extend(rest);
        command
    };
    check_code(create(doc! { "capped": true }), 72);
    check_code(create(doc! { "capped": true, "max": 5 }), 72);
    check_code(create(doc! { "size": 5, "capped": false }), 72);
    check_code(create(doc! { "size": 5, "capped": true }), 0);
    check_code(create(doc! { "viewOn": "" }), 2);
    check_code(create(doc! { "viewOn": "t", "pipeline": [1] }), 14);
    check_code(create(doc! { "viewOn": "t", "pipeline": [{}] }), 40323);
    let find = |rest: Document| {
        let mut command = doc! { "find": "t" };
        command.extend(rest);
        command
    };
    let id = || doc! { "id": bson::Uuid::from_bytes([0; 16]) };
    check_code(find(doc! { "lsid": id() }), 0);
    check_code(find(doc! { "lsid": { "id": 1 } }), 14);
    check_code(find(doc! { "lsid": id(), "txnNumber": 1_i64 }), 0);
    check_code(find(doc! { "txnNumber": 1_i64 }), 72);
    check_code(find(doc! { "autocommit": false }), 72);
    check_code(find(doc! { "startTransaction": true }), 72);
    check_code(find(doc! { "apiStrict": true }), 4_886_600);
    check_code(find(doc! { "apiVersion": "1", "apiStrict": true }), 0);
    check_code(find(doc! { "$readPreference": { "mode": "nearest", "tags": [{}] } }), 0);
    check_code(find(doc! { "$readPreference": { "mode": "Primary" } }), 2);
    check_code(find(doc! { "$readPreference": { "mode": 1 } }), 14);
    check_code(find(doc! { "readConcern": { "level": "majority" } }), 0);
    check_code(find(doc! { "readConcern": { "level": "x" } }), 9);
    check_code(find(doc! { "readConcern": { "level": 1 } }), 14);
    check_code(find(doc! { "readConcern": { "afterClusterTime": 1 } }), 14);
    check_code(doc! { "create": "c", "readConcern": { "level": "majority" } }, 72);
    for (concern, expected) in [
        (doc! { "w": 51 }, 9),
        (doc! { "w": {} }, 9),
        (doc! { "w": "majority", "j": 1, "wtimeout": -1 }, 0),
        (doc! { "w": 1, "wtimeoutMS": 1 }, 40415),
    ] {
        check_code(doc! { "drop": "c", "writeConcern": concern }, expected);
    }
    check_code(doc! { "renameCollection": "a.b", "to": "x." }, 73);
    check_code(doc! { "renameCollection": "a.b", "to": ".x" }, 73);
}

#[test]
fn codes_of_explain() {
    let explain = |command: Document| doc! { "explain": command };
    check_code(explain(doc! { "insert": "t", "documents": [{}] }), 20);
    check_code(explain(doc! { "ping": 1 }), 20);
    check_code(explain(explain(doc! { "find": "t" })), 20);
    check_code(explain(doc! { "foo": 1 }), 59);
    check_code(explain(doc! {}), 59);
    check_code(explain(doc! { "find": "t", "foo": 1 }), 40415);
    check_code(explain(doc! { "aggregate": "t", "pipeline": [] }), 9);
    check_code(explain(doc! { "aggregate": "t", "pipeline": [], "explain": true }), 9);
    let statement = || doc! { "q": {}, "u": { "$set": { "a": 1 } } };
    check_code(explain(doc! { "update": "t", "updates": [statement()] }), 0);
    check_code(explain(doc! { "update": "t", "updates": [statement(), statement()] }), 16);
    let command = doc! { "explain": { "find": "t", "limit": 3 }, "verbosity": "queryPlanner" };
    let parsed = Command::parse("db", &command).unwrap();
    assert_eq!(parsed.namespace, Namespace::new("db", "t"));
    let find = Find { limit: 3, ..Find::default() };
    assert_eq!(
        parsed.kind,
        CommandKind::Explain(Verbosity::QueryPlanner, Box::new(Operation::Find(find)))
    );
}

/// Documents are equal in any order of fields; their text is not.
#[track_caller]
fn check_same(ours: &Document, expected: &Document) {
    assert_eq!(Bson::from(ours.clone()).to_string(), Bson::from(expected.clone()).to_string());
}

/// A command with every option, in the order in which it is printed, prints as it was read.
#[track_caller]
fn check_round_trip(command: Document) {
    let admin = ["listDatabases", "renameCollection"].iter().any(|it| command.contains_key(it));
    let parsed = Command::parse(if admin { "admin" } else { "db" }, &command).unwrap();
    let CommandKind::Operation(operation) = &parsed.kind else {
        panic!("not an operation: {command}");
    };
    assert_eq!(operation.runs_on_admin(), admin);
    check_same(&operation.to_command(&parsed.namespace).unwrap(), &command);
}

#[test]
fn commands_print_as_they_were_read() {
    let same = check_round_trip;
    let collation = || doc! { "locale": "fr", "strength": 2 };
    same(doc! { "find": "c" });
    same(doc! {
        "find": "c", "filter": { "a": { "$gt": 1 } }, "projection": { "a": 1 }, "sort": { "b": -1 },
        "hint": { "b": 1 }, "collation": collation(), "skip": 5_i64, "limit": 7_i64,
        "batchSize": 3_i64, "singleBatch": true, "allowDiskUse": false, "maxTimeMS": 100_i64,
        "max": { "b": 5 }, "min": { "b": 1 }, "returnKey": true, "showRecordId": true,
        "noCursorTimeout": true, "allowPartialResults": true, "let": { "x": 1 }, "comment": "hi",
    });
    same(doc! { "find": "c", "sort": { "$natural": 1 }, "tailable": true, "awaitData": true });
    same(doc! { "find": "c", "hint": "b_1", "limit": i64::MAX });
    same(doc! { "aggregate": 1, "pipeline": [{ "$currentOp": {} }], "cursor": {} });
    same(doc! {
        "aggregate": "c", "pipeline": [{ "$match": { "a": 1 } }], "cursor": { "batchSize": 0_i64 },
        "allowDiskUse": true, "maxTimeMS": 5_i64, "bypassDocumentValidation": true,
        "collation": collation(), "hint": "a_1", "let": { "x": 1 }, "comment": { "a": 1 },
    });
    same(doc! {
        "count": "c", "query": { "a": 1 }, "limit": 2_i64, "skip": 1_i64, "hint": "a_1",
        "collation": collation(), "maxTimeMS": 1_i64, "comment": 1,
    });
    same(doc! {
        "distinct": "c", "key": "a.b", "query": { "a": 1 }, "collation": collation(),
        "maxTimeMS": 1_i64, "comment": 1,
    });
    same(doc! {
        "insert": "c", "documents": [{ "b": 1, "a": { "c": [1, 2.5, null] } }, {}],
        "ordered": false, "bypassDocumentValidation": true, "comment": "x",
    });
    same(doc! {
        "update": "c",
        "updates": [
            { "q": { "a": 1 }, "u": { "$set": { "b.$[x]": 1 } }, "multi": true, "upsert": true,
              "arrayFilters": [{ "x": 1 }], "collation": collation(), "hint": "a_1" },
            { "q": {}, "u": { "b": 1, "a": 2 } },
            { "q": {}, "u": [{ "$set": { "a": "$b" } }] },
        ],
        "ordered": false, "bypassDocumentValidation": true, "let": { "x": 1 }, "comment": 1,
    });
    same(doc! {
        "delete": "c",
        "deletes": [
            { "q": { "a": 1 }, "limit": 1, "collation": collation(), "hint": { "a": 1 } },
            { "q": {}, "limit": 0 },
        ],
        "ordered": false, "let": { "x": 1 }, "comment": 1,
    });
    same(doc! {
        "findAndModify": "c", "query": { "a": 1 }, "sort": { "a": 1 }, "remove": true,
        "fields": { "a": 1 }, "collation": collation(), "hint": "a_1", "let": { "x": 1 },
        "maxTimeMS": 9_i64, "comment": 1,
    });
    same(doc! {
        "findAndModify": "c", "query": { "a": 1 }, "update": { "$inc": { "a.$[x]": 1 } },
        "new": true, "upsert": true, "arrayFilters": [{ "x": 1 }],
        "bypassDocumentValidation": true,
    });
    same(doc! { "dropIndexes": "c", "index": "*" });
    same(doc! { "dropIndexes": "c", "index": ["a_1", "b_1"] });
    same(doc! { "dropIndexes": "c", "index": { "a": 1 } });
    same(doc! { "listIndexes": "c", "cursor": { "batchSize": 2_i64 }, "comment": 1 });
    same(doc! {
        "create": "c", "capped": true, "size": 4096_i64, "max": 5_i64, "validator": { "a": 1 },
        "validationLevel": "moderate", "validationAction": "warn", "collation": collation(),
        "storageEngine": {},
    });
    same(doc! { "create": "v", "viewOn": "c", "pipeline": [{ "$match": { "a": 1 } }] });
    same(doc! { "drop": "c", "comment": 1 });
    same(doc! { "renameCollection": "a.b", "to": "c.d.e", "dropTarget": true });
    same(doc! { "listCollections": 1, "filter": { "name": "a" }, "nameOnly": true, "comment": 1 });
    same(doc! { "dropDatabase": 1, "comment": 1 });
    same(doc! { "listDatabases": 1, "filter": { "name": "a" }, "nameOnly": true, "comment": 1 });
}

#[test]
fn general_options_are_kept_apart() {
    let command = doc! {
        "insert": "c", "documents": [{ "_id": 1 }], "$db": "ignored", "maxTimeMS": 50,
        "comment": "why", "writeConcern": { "w": 2, "j": true, "wtimeout": 5 },
        "lsid": { "id": bson::Uuid::from_bytes([7; 16]) }, "txnNumber": 4_i64,
        "startTransaction": true, "autocommit": false, "$readPreference": { "mode": "nearest" },
    };
    let parsed = Command::parse("db", &command).unwrap();
    assert_eq!(parsed.namespace, Namespace::new("db", "c"));
    let options = parsed.options;
    assert_eq!(options.max_time, Some(std::time::Duration::from_millis(50)));
    assert_eq!(options.comment, Some("why".into()));
    let concern = options.write_concern.unwrap();
    assert_eq!(concern.w, Some(odm_core::Acknowledgment::Nodes(2)));
    assert_eq!(concern.journal, Some(true));
    assert_eq!(concern.timeout, Some(std::time::Duration::from_millis(5)));
    assert_eq!(options.read_preference, Some(odm_core::ReadPreference::Nearest));
    assert_eq!((options.txn_number, options.start_transaction), (Some(4), true));
    assert_eq!(options.autocommit, Some(false));
    assert!(options.session_id.is_some());
}

fn raw(doc: Document) -> RawDoc {
    RawDocumentBuf::try_from(&doc).unwrap().into()
}

/// Replies as recorded from the server, without what only a replica set's member adds.
#[test]
fn replies_are_the_servers() {
    let first = reply::first_batch("db.t", 861, &[raw(doc! { "_id": 1, "a": 1 })]).unwrap();
    let expected = doc! {
        "cursor": { "firstBatch": [{ "_id": 1, "a": 1 }], "id": 861_i64, "ns": "db.t" }, "ok": 1.0,
    };
    check_same(&first, &expected);
    check_same(&reply::count(3), &doc! { "n": 3, "ok": 1.0 });
    check_same(
        &reply::kill_cursors(vec![5], vec![77]),
        &doc! {
            "cursorsKilled": [5_i64], "cursorsNotFound": [77_i64], "cursorsAlive": [],
            "cursorsUnknown": [], "ok": 1.0,
        },
    );
    let ns = Namespace::new("db", "t");
    check_same(&reply::drop(&ns, 2), &doc! { "nIndexesWas": 2, "ns": "db.t", "ok": 1.0 });
    check_same(
        &reply::drop_indexes(1, true),
        &doc! { "nIndexesWas": 1, "msg": "non-_id indexes dropped for collection", "ok": 1.0 },
    );
    let databases = || vec![doc! { "name": "a", "sizeOnDisk": 3_145_728_i64, "empty": false }];
    check_same(
        &reply::list_databases(databases(), false),
        &doc! {
            "databases": databases(), "totalSize": 3_145_728_i64, "totalSizeMb": 3_i64, "ok": 1.0,
        },
    );
}

fn duplicate(index: usize) -> WriteError {
    WriteError::new(index, ErrorCode::DUPLICATE_KEY, "E11000 duplicate key error")
        .with_details(doc! { "keyPattern": { "_id": 1 }, "keyValue": { "_id": 1 } })
}

fn duplicate_document(index: i32) -> Document {
    doc! {
        "index": index, "code": 11000, "errmsg": "E11000 duplicate key error",
        "keyPattern": { "_id": 1 }, "keyValue": { "_id": 1 },
    }
}

#[track_caller]
fn same_failure(ours: Error, expected: WriteFailure) {
    let Error::Write(ours) = ours else { panic!("not a failure of writes: {ours}") };
    assert_eq!(format!("{ours:?}"), format!("{expected:?}"));
}

/// What a reply says is what was said by it.
#[test]
fn write_replies_there_and_back() {
    let ids = || vec![Bson::Int32(1), Bson::Int32(2)];
    let inserted = InsertOutcome { inserted_ids: ids() };
    let printed = reply::insert(Ok(inserted.clone())).unwrap();
    check_same(&printed, &doc! { "n": 2, "ok": 1.0 });
    assert_eq!(InsertOutcome::from_reply(&printed, ids()).unwrap(), inserted);

    let failure = || {
        let done = WriteSummary { inserted: 1, ..WriteSummary::default() };
        WriteFailure::new(vec![duplicate(0), duplicate(2)], done)
    };
    let printed = reply::insert(Err(failure().into())).unwrap();
    check_same(
        &printed,
        &doc! {
            "n": 1, "writeErrors": [duplicate_document(0), duplicate_document(2)], "ok": 1.0,
        },
    );
    same_failure(InsertOutcome::from_reply(&printed, ids()).unwrap_err(), failure());

    let upserted = vec![Upserted { index: 1, id: 77.into() }, Upserted { index: 2, id: 78.into() }];
    let updated = UpdateOutcome { matched: 1, modified: 1, upserted };
    let printed = reply::update(Ok(updated.clone())).unwrap();
    check_same(
        &printed,
        &doc! {
            "n": 3, "upserted": [{ "index": 1, "_id": 77 }, { "index": 2, "_id": 78 }],
            "nModified": 1, "ok": 1.0,
        },
    );
    assert_eq!(UpdateOutcome::from_reply(&printed).unwrap(), updated);

    let failure = || {
        let upserted = vec![Upserted { index: 0, id: 77.into() }];
        let done = WriteSummary { matched: 2, modified: 1, upserted, ..WriteSummary::default() };
        WriteFailure::new(vec![duplicate(1)], done)
    };
    let printed = reply::update(Err(failure().into())).unwrap();
    check_same(
        &printed,
        &doc! {
            "n": 3, "writeErrors": [duplicate_document(1)],
            "upserted": [{ "index": 0, "_id": 77 }], "nModified": 1, "ok": 1.0,
        },
    );
    same_failure(UpdateOutcome::from_reply(&printed).unwrap_err(), failure());

    let deleted = DeleteOutcome { deleted: 4 };
    let printed = reply::delete(Ok(deleted)).unwrap();
    check_same(&printed, &doc! { "n": 4, "ok": 1.0 });
    assert_eq!(DeleteOutcome::from_reply(&printed).unwrap(), deleted);
}

#[track_caller]
fn check_find_and_modify(outcome: FindAndModifyOutcome, removed: bool, expected: Document) {
    let printed = reply::find_and_modify(&outcome, removed).unwrap();
    check_same(&printed, &expected);
    assert_eq!(FindAndModifyOutcome::from_reply(&printed).unwrap(), outcome);
}

#[test]
fn find_and_modify_replies_there_and_back() {
    let value = || doc! { "_id": 1, "a": 3 };
    let none = FindAndModifyOutcome::default;
    check_find_and_modify(
        FindAndModifyOutcome { value: Some(raw(value())), n: 1, updated_existing: true, ..none() },
        false,
        doc! { "lastErrorObject": { "n": 1, "updatedExisting": true }, "value": value(), "ok": 1.0 },
    );
    check_find_and_modify(
        none(),
        false,
        doc! { "lastErrorObject": { "n": 0, "updatedExisting": false }, "value": null, "ok": 1.0 },
    );
    check_find_and_modify(
        FindAndModifyOutcome { n: 1, upserted: Some(101.into()), ..none() },
        false,
        doc! {
            "lastErrorObject": { "n": 1, "updatedExisting": false, "upserted": 101 },
            "value": null, "ok": 1.0,
        },
    );
    check_find_and_modify(
        FindAndModifyOutcome { value: Some(raw(value())), n: 1, ..none() },
        true,
        doc! { "lastErrorObject": { "n": 1 }, "value": value(), "ok": 1.0 },
    );
}

#[track_caller]
fn check_create_indexes(before: u32, after: u32, created_collection: bool, expected: Document) {
    let names = || vec!["a_1".to_owned(), "b_1".to_owned()];
    let outcome = CreateIndexesOutcome {
        names: names(),
        indexes_before: before,
        indexes_after: after,
        created_collection,
    };
    let printed = reply::create_indexes(&outcome);
    check_same(&printed, &expected);
    assert_eq!(CreateIndexesOutcome::from_reply(&printed, names()).unwrap(), outcome);
}

#[test]
fn create_indexes_replies_there_and_back() {
    check_create_indexes(
        1,
        3,
        true,
        doc! {
            "numIndexesBefore": 1, "numIndexesAfter": 3, "createdCollectionAutomatically": true,
            "commitQuorum": "votingMembers", "ok": 1.0,
        },
    );
    check_create_indexes(
        2,
        3,
        false,
        doc! {
            "numIndexesBefore": 2, "numIndexesAfter": 3, "createdCollectionAutomatically": false,
            "commitQuorum": "votingMembers", "note": "index already exists", "ok": 1.0,
        },
    );
    check_create_indexes(
        2,
        2,
        false,
        doc! {
            "numIndexesBefore": 2, "numIndexesAfter": 2, "note": "all indexes already exist",
            "ok": 1.0,
        },
    );
}

#[test]
fn refusals_there_and_back() {
    let recorded = doc! {
        "ok": 0.0, "errmsg": "E11000 duplicate key error collection: db.t index: c_1 dup key: { c: null }",
        "code": 11000, "codeName": "DuplicateKey",
        "keyPattern": { "c": 1 }, "keyValue": { "c": null },
    };
    let error = Error::from_reply(&recorded).unwrap();
    assert_eq!(error.code(), Some(11000));
    let key = error.duplicate_key().unwrap();
    assert_eq!((key.index.as_str(), key.key_pattern), ("c_1", doc! { "c": 1 }));
    check_same(&reply::error(&error), &recorded);

    let labelled = doc! {
        "errorLabels": ["TransientTransactionError"], "ok": 0.0, "errmsg": "write conflict",
        "code": 112, "codeName": "WriteConflict",
    };
    let mut gossip = labelled.clone();
    gossip
        .extend(doc! { "$clusterTime": {}, "operationTime": Timestamp { time: 1, increment: 1 } });
    let error = Error::from_reply(&gossip).unwrap();
    check_same(&reply::error(&error), &labelled);
    assert!(error.has_label("TransientTransactionError"));
    assert!(error.is_retryable());
    assert_eq!(error.details(), Some(&doc! {}));
    assert!(Error::from_reply(&doc! { "ok": 1 }).is_none());
    assert!(
        Error::from_reply(&doc! { "n": 1, "writeErrors": [duplicate_document(0)], "ok": 1.0 })
            .is_none()
    );

    // Of a write concern that cannot be met, as the server says it.
    let unmet = doc! {
        "n": 1,
        "writeConcernError": {
            "code": 100, "codeName": "UnsatisfiableWriteConcern",
            "errmsg": "Not enough data-bearing nodes",
            "errInfo": { "writeConcern": { "w": 5, "wtimeout": 10, "provenance": "clientSupplied" } },
        },
        "ok": 1.0,
    };
    let Error::Write(failure) = InsertOutcome::from_reply(&unmet, vec![1.into()]).unwrap_err()
    else {
        panic!("not a failure of writes");
    };
    assert_eq!(failure.done.inserted, 1);
    let concern = failure.write_concern_error.unwrap();
    assert_eq!((concern.code.0, concern.details.len()), (100, 1));
    let unsupported = Error::Unsupported { backend: "memory", feature: "$text".into() };
    assert_eq!(reply::error(&unsupported).get_i32("code").unwrap(), 115);
}
