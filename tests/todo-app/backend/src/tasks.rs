//! Tasks: what is kept of one, and every question and change, each for one person. No statement here goes
//! without the person's id, so a task of somebody else's is a task that is not there.

use crate::Shared;
use crate::error::ApiError;
use crate::session::User;
use axum::extract::{FromRequest, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{FromRow, QueryBuilder, Row as _};
use uuid::Uuid;

/// A JSON body whose errors are this API's own.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(ApiError))]
pub struct Body<T>(pub T);

/// How much a task matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
}

/// A task as it is kept.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs)]
pub struct Task {
    pub id: Uuid,
    pub title: String,
    pub notes: String,
    pub priority: Priority,
    pub due: Option<NaiveDate>,
    pub done: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl FromRow<'_, PgRow> for Task {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            title: row.try_get("title")?,
            notes: row.try_get("notes")?,
            priority: row.try_get("priority")?,
            due: row.try_get("due")?,
            done: row.try_get("done")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// A task to make.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct New {
    pub title: String,
    #[serde(default)]
    pub notes: String,
    #[serde(default)]
    pub priority: Priority,
    pub due: Option<NaiveDate>,
}

/// What to change of a task; what is left out stays, and `"due": null` takes the date away.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Edit {
    pub title: Option<String>,
    pub notes: Option<String>,
    pub priority: Option<Priority>,
    #[serde(default, deserialize_with = "given")]
    pub due: Option<Option<NaiveDate>>,
    pub done: Option<bool>,
}

/// Which tasks are wanted; what is left out does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Filter {
    pub done: Option<bool>,
    pub priority: Option<Priority>,
    /// Due on this day or before.
    pub due_by: Option<NaiveDate>,
    /// Part of the title or the notes, in any case.
    pub search: Option<String>,
}

/// As many as one answer lists.
const LISTED: i64 = 500;

fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Option<NaiveDate>>, D::Error> {
    Option::deserialize(value).map(Some)
}

fn title(text: &str) -> Result<&str, ApiError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(ApiError::Invalid("A task has a title.".to_owned())),
        1..=200 if !text.contains('\0') => Ok(text),
        _ => Err(ApiError::Invalid("A title has at most 200 characters.".to_owned())),
    }
}

fn notes(text: &str) -> Result<&str, ApiError> {
    if text.chars().count() > 4000 || text.contains('\0') {
        return Err(ApiError::Invalid("Notes have at most 4000 characters.".to_owned()));
    }
    Ok(text)
}

/// Text to look for, with what LIKE would read as a pattern taken literally.
fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    for character in search.trim().chars().filter(|character| *character != '\0') {
        if ['%', '_', '\\'].contains(&character) {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The tasks that fit: open ones first, then by date, importance and age.
///
/// # Errors
/// When the database cannot be asked.
pub async fn list(pool: &PgPool, user: Uuid, filter: &Filter) -> Result<Vec<Task>, ApiError> {
    let mut query = QueryBuilder::new("SELECT * FROM tasks WHERE user_id = ");
    query.push_bind(user);
    if let Some(done) = filter.done {
        query.push(" AND done = ").push_bind(done);
    }
    if let Some(priority) = filter.priority {
        query.push(" AND priority = ").push_bind(priority);
    }
    if let Some(day) = filter.due_by {
        query.push(" AND due <= ").push_bind(day);
    }
    if let Some(search) = filter.search.as_deref().filter(|search| !search.trim().is_empty()) {
        query.push(" AND (title || ' ' || notes) ILIKE ").push_bind(pattern(search));
    }
    query.push(
        " ORDER BY done, due NULLS LAST, array_position(ARRAY['high','normal','low'], priority), created_at",
    );
    query.push(" LIMIT ").push_bind(LISTED);
    Ok(query.build_query_as().fetch_all(pool).await?)
}

/// Makes a task.
///
/// # Errors
/// When a text is too long or empty, or the database does not take it.
pub async fn create(pool: &PgPool, user: Uuid, new: &New) -> Result<Task, ApiError> {
    let made = sqlx::query_as(
        "INSERT INTO tasks (id, user_id, title, notes, priority, due) VALUES ($1, $2, $3, $4, $5, $6) RETURNING *",
    )
    .bind(Uuid::new_v4())
    .bind(user)
    .bind(title(&new.title)?)
    .bind(notes(&new.notes)?)
    .bind(new.priority)
    .bind(new.due);
    Ok(made.fetch_one(pool).await?)
}

/// Changes a task.
///
/// # Errors
/// As `create`, and `NotFound` when the person has no such task.
pub async fn edit(pool: &PgPool, user: Uuid, id: Uuid, edit: &Edit) -> Result<Task, ApiError> {
    let changed = sqlx::query_as(
        "UPDATE tasks SET title = coalesce($3, title), notes = coalesce($4, notes), \
         priority = coalesce($5, priority), due = CASE WHEN $6 THEN $7 ELSE due END, \
         done = coalesce($8, done), updated_at = now() WHERE user_id = $1 AND id = $2 RETURNING *",
    )
    .bind(user)
    .bind(id)
    .bind(edit.title.as_deref().map(title).transpose()?)
    .bind(edit.notes.as_deref().map(notes).transpose()?)
    .bind(edit.priority)
    .bind(edit.due.is_some())
    .bind(edit.due.flatten())
    .bind(edit.done);
    Ok(changed.fetch_one(pool).await?)
}

/// Removes a task, and answers what it was.
///
/// # Errors
/// `NotFound` when the person has no such task.
pub async fn delete(pool: &PgPool, user: Uuid, id: Uuid) -> Result<Task, ApiError> {
    let deleted =
        sqlx::query_as("DELETE FROM tasks WHERE user_id = $1 AND id = $2 RETURNING *").bind(user).bind(id);
    Ok(deleted.fetch_one(pool).await?)
}

/// `/api/tasks…`.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/tasks", get(answer_list).post(answer_create))
        .route("/api/tasks/{id}", get(answer_one).patch(answer_edit).delete(answer_delete))
}

async fn answer_list(
    State(state): State<Shared>,
    User(user): User,
    filter: Result<Query<Filter>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<Task>>, ApiError> {
    let Query(filter) = filter.map_err(|rejection| ApiError::Invalid(rejection.body_text()))?;
    Ok(Json(list(state.database.pool()?, user, &filter).await?))
}

async fn answer_one(
    State(state): State<Shared>,
    User(user): User,
    Path(id): Path<Uuid>,
) -> Result<Json<Task>, ApiError> {
    let task = sqlx::query_as("SELECT * FROM tasks WHERE user_id = $1 AND id = $2").bind(user).bind(id);
    Ok(Json(task.fetch_one(state.database.pool()?).await?))
}

async fn answer_create(
    State(state): State<Shared>,
    User(user): User,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Task>), ApiError> {
    state.limits.write(user)?;
    Ok((StatusCode::CREATED, Json(create(state.database.pool()?, user, &new).await?)))
}

async fn answer_edit(
    State(state): State<Shared>,
    User(user): User,
    Path(id): Path<Uuid>,
    Body(change): Body<Edit>,
) -> Result<Json<Task>, ApiError> {
    state.limits.write(user)?;
    Ok(Json(edit(state.database.pool()?, user, id, &change).await?))
}

async fn answer_delete(
    State(state): State<Shared>,
    User(user): User,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, ApiError> {
    state.limits.write(user)?;
    delete(state.database.pool()?, user, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_can_be_left_or_taken_away() {
        let left: Edit = serde_json::from_str("{}").unwrap();
        let taken: Edit = serde_json::from_str(r#"{"due":null}"#).unwrap();
        let set: Edit = serde_json::from_str(r#"{"due":"2030-01-31"}"#).unwrap();
        assert_eq!(left.due, None);
        assert_eq!(taken.due, Some(None));
        assert!(matches!(set.due, Some(Some(_))));
        assert!(serde_json::from_str::<Edit>(r#"{"owner":"me"}"#).is_err());
    }

    #[test]
    fn search_words_are_no_pattern() {
        assert_eq!(pattern("100%_a\\b"), "%100\\%\\_a\\\\b%");
    }

    #[test]
    fn titles_are_trimmed_and_bounded() {
        assert_eq!(title("  milk ").unwrap(), "milk");
        assert!(title("   ").is_err());
        assert!(title(&"ä".repeat(200)).is_ok());
        assert!(title(&"ä".repeat(201)).is_err());
    }
}
