//! Lists of rows that belong to somebody, with ids that tell nobody how many there are.

use kernel::Db;
use listing::{Column, ListQuery, Listed};
use sqlx::FromRow;
use uuid::Uuid;

use crate::start;

#[derive(FromRow)]
struct Parcel {
    id: Uuid,
    weight: i64,
}

impl Listed for Parcel {
    type Owner = Uuid;

    const FROM: &'static str = "parcels";
    const COLUMNS: &'static [Column] = &[Column::integer("weight").sortable(), Column::uuid("id").filterable()];
    const DEFAULT_SORT: &'static str = "weight";
}

async fn send(db: &Db, owner: Uuid, weight: i64) -> Uuid {
    let query = sqlx::query_scalar("INSERT INTO parcels (id, user_id, weight) VALUES ($1, $2, $3) RETURNING id");
    query.bind(Uuid::now_v7()).bind(owner).bind(weight).fetch_one(&mut *db.acquire().await.unwrap()).await.unwrap()
}

#[tokio::test]
async fn everybody_sees_their_own() {
    let app = start().await;
    let (ann, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let mut parcels = Vec::new();
    for _ in 0..5 {
        parcels.push(send(app.db(), ann, 1).await);
        send(app.db(), bob, 1).await;
    }
    for (limit, sort) in [(1, "weight"), (2, "weight"), (4, "-weight"), (5, "-weight")] {
        let mut found = Vec::new();
        let mut query = Some(format!("limit={limit}&sort={sort}"));
        while let Some(text) = query {
            let page = ListQuery::<Parcel>::parse("/parcels", &text).unwrap().fetch_of(ann, app.db()).await.unwrap();
            found.extend(page.items.iter().map(|parcel| (parcel.weight, parcel.id)));
            query = page.next_url().and_then(|url| url.split_once('?').map(|(_, query)| query.to_owned()));
        }
        let mut expected: Vec<_> = parcels.iter().map(|id| (1, *id)).collect();
        if sort == "-weight" {
            expected.reverse();
        }
        assert_eq!(found, expected, "{sort} by {limit}");
    }
}

#[tokio::test]
async fn who_may_see_all_sees_all() {
    let app = start().await;
    for weight in [1, 2] {
        send(app.db(), Uuid::now_v7(), weight).await;
    }
    let query = ListQuery::<Parcel>::parse("/parcels", "sort=-weight").unwrap();
    let weights: Vec<_> = query.fetch_of_all(app.db()).await.unwrap().items.iter().map(|it| it.weight).collect();
    assert_eq!(weights, [2, 1]);
}

#[tokio::test]
async fn a_filter_or_a_condition_shows_nothing_of_others() {
    let app = start().await;
    let (ann, bob) = (Uuid::now_v7(), Uuid::now_v7());
    let parcel = send(app.db(), ann, 7).await;
    for (owner, count) in [(ann, 1), (bob, 0)] {
        let query = ListQuery::<Parcel>::parse("/parcels", &format!("id={parcel}")).unwrap();
        assert_eq!(query.fetch_of(owner, app.db()).await.unwrap().items.len(), count);
        let query = ListQuery::<Parcel>::parse("/parcels", "").unwrap();
        let page = query.fetch_of_where(owner, app.db(), |sql| {
            sql.push(" AND weight > ").push_bind(6);
        });
        assert_eq!(page.await.unwrap().items.len(), count);
    }
    assert!(ListQuery::<Parcel>::parse("/parcels", "id=1").is_err());
}
