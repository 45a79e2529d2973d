//! Makes an empty database with today's tables, for the SQL macros to look at while the offline
//! query data is written anew. Apart from the library, because it must build while the library's
//! queries do not yet fit their tables. See the library's documentation.

#[path = "../src/migrations.rs"]
mod migrations;

use std::error::Error;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("give the path of the database to make")?;
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut connection = options.connect().await?;
    migrations::SCHEMA.apply(&mut connection, 0).await?;
    let schema = migrations::version(&mut connection).await?;
    connection.close().await?;
    if schema == migrations::SCHEMA.newest() {
        Ok(())
    } else {
        Err("the last migration does not set its own number as user_version".into())
    }
}
