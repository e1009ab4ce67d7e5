using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Messages;

/// <summary>JSON Schemas of message bodies, made from the records that read them. docs/schemas holds a copy of each, and a test keeps it one.</summary>
public static class JobSchemas
{
    private static readonly JsonSchemaExporterOptions Options = new() { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };

    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A schema as a document for people and editors.</summary>
    public static string Text(JsonObject schema) => schema.ToJsonString(Layout);

    /// <summary>The schema (draft 2020-12) of the body of a message whose subject is <paramref name="kind"/>.</summary>
    public static JsonObject Of(JobKind kind)
    {
        JsonObject body = JobJson.Options.GetJsonSchemaAsNode(typeof(JobMessageBody), Options).AsObject();
        JsonObject properties = body["properties"]!.AsObject();
        properties["schemaVersion"]!["const"] = JobMessage.SchemaVersion;
        JsonObject arguments = JobJson.Options.GetJsonSchemaAsNode(kind.ArgumentsType, Options).AsObject();
        properties["arguments"] = arguments;

        // What may be left out has a default, and the record knows it.
        JsonElement defaults = JsonSerializer.SerializeToElement(Activator.CreateInstance(kind.ArgumentsType), kind.ArgumentsType, JobJson.Options);
        foreach ((string name, JsonNode? field) in arguments["properties"]!.AsObject())
        {
            bool isRequired = arguments["required"]?.AsArray().Any(required => required!.GetValue<string>() == name) ?? false;
            if (!isRequired && defaults.TryGetProperty(name, out JsonElement value))
                field!["default"] = JsonNode.Parse(value.GetRawText());
        }

        return Titled(body, $"Body of a message that asks for a job of the kind {kind.Name}");
    }

    /// <summary>The schema of the body of a message that tells what happened to a job.</summary>
    public static JsonObject OfEvents()
    {
        JsonObject body = JobJson.Options.GetJsonSchemaAsNode(typeof(JobEventBody), Options).AsObject();
        body["properties"]!["schemaVersion"]!["const"] = JobEventMessage.SchemaVersion;
        return Titled(body, "Body of a message that tells what happened to a job");
    }

    private static JsonObject Titled(JsonObject body, string title)
    {
        body.Insert(0, "title", title);
        body.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        return body;
    }

    private static JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
    {
        // An element is any JSON; what is asked of it here is an object.
        if ((Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type) == typeof(JsonElement))
            node = new JsonObject { ["type"] = "object" };
        if (node is not JsonObject schema || context.PropertyInfo?.AttributeProvider is not PropertyInfo property)
            return node;
        foreach (ValidationAttribute rule in property.GetCustomAttributes<ValidationAttribute>())
            Add(schema, rule);
        string comment = XmlComments.Of(property, JsonNamingPolicy.CamelCase.ConvertName);
        if (comment.Length > 0)
            schema.Insert(0, "description", comment);
        return schema;
    }

    private static void Add(JsonObject schema, ValidationAttribute rule)
    {
        switch (rule)
        {
            case RangeAttribute { Minimum: int or double } range:
                schema["minimum"] = JsonValue.Create(Convert.ToDouble(range.Minimum, CultureInfo.InvariantCulture));
                schema["maximum"] = JsonValue.Create(Convert.ToDouble(range.Maximum, CultureInfo.InvariantCulture));
                break;
            case MaxLengthAttribute { Length: var length }:
                schema["maxItems"] = length;
                break;
            case AllowedValuesAttribute { Values: var values }:
                schema["enum"] = new JsonArray([.. values.Select(value => JsonValue.Create((string?)value))]);
                break;
            case RequiredAttribute:
                schema["minLength"] = 1;
                break;
        }
    }
}
