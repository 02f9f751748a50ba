use utoipa::{
    IntoParams,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

use crate::{Column, DEFAULT_LIMIT, ListQuery, Listed, MAX_LIMIT, column::Kind, filter::TEXT_LIMIT};

/// The parameters of a list in the API document: `params(ListQuery<Note>)`.
impl<T: Listed> IntoParams for ListQuery<T> {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let limit = ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(1))
            .maximum(Some(MAX_LIMIT))
            .default(Some(DEFAULT_LIMIT.into()));
        let sortable: Vec<_> = T::COLUMNS.iter().filter(|column| column.sortable).map(|column| column.name).collect();
        let name = format!("-?({})", sortable.join("|"));
        let sort = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(format!("^({name}(,{name})*)?$")))
            .default(Some(T::DEFAULT_SORT.into()));
        let sort_about = "Columns to sort by, separated by commas. A minus sign in front reverses the order.";
        let cursor = ObjectBuilder::new().schema_type(Type::String);
        let cursor_about = "Where the page begins: `next` or `previous` of another page of this list in this order.";
        let mut parameters = vec![
            parameter("limit", "How many items a page has at most. It has fewer where they are large.", limit),
            parameter("sort", sort_about, sort),
            parameter("cursor", cursor_about, cursor),
        ];
        parameters.extend(T::COLUMNS.iter().filter(|column| column.filterable).flat_map(filters));
        parameters
    }
}

fn filters(column: &Column) -> Vec<Parameter> {
    let name = column.name;
    let schema = ObjectBuilder::new();
    let exactly = |schema: ObjectBuilder| vec![parameter(name, "Items with this value.", schema)];
    let range = |schema: ObjectBuilder| {
        let (from, to, schema) = (format!("{name}.from"), format!("{name}.to"), schema.build());
        vec![
            parameter(&from, "Items with this value or a greater one.", schema.clone()),
            parameter(&to, "Items with this value or a smaller one.", schema),
        ]
    };
    match column.kind {
        Kind::Boolean => exactly(schema.schema_type(Type::Boolean)),
        Kind::Date => {
            range(schema.schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))))
        }
        Kind::Decimal(places) => {
            range(schema.schema_type(Type::String).pattern(Some(format!("^-?\\d+(\\.\\d{{1,{places}}})?$"))))
        }
        Kind::Integer => {
            let format = SchemaFormat::KnownFormat(KnownFormat::Int64);
            exactly(schema.schema_type(Type::Integer).format(Some(format)))
        }
        Kind::OneOf(values) => exactly(schema.schema_type(Type::String).enum_values(Some(values.iter().copied()))),
        Kind::Uuid => {
            exactly(schema.schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))))
        }
        Kind::Text => {
            let about = "Items that contain this text, in capitals or not.";
            vec![parameter(name, about, schema.schema_type(Type::String).max_length(Some(TEXT_LIMIT)))]
        }
        Kind::Timestamp => {
            let schema = schema.schema_type(Type::String).examples(["2026-01-31", "2026-01-31T08:00:00Z"]).build();
            let to = "Items until this time, or until the end of this date (UTC).";
            vec![
                parameter(&format!("{name}.from"), "Items from this time or date (UTC) on.", schema.clone()),
                parameter(&format!("{name}.to"), to, schema),
            ]
        }
    }
}

fn parameter(name: &str, about: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .description(Some(about))
        .schema(Some(schema))
        .build()
}
