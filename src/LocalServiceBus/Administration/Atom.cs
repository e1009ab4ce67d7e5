using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using HrNetBatch.LocalServiceBus.Core;
using Microsoft.AspNetCore.Http;

namespace HrNetBatch.LocalServiceBus.Administration;

/// <summary>The Atom XML that administration clients read and write. Prefixes are what the JavaScript client looks for.</summary>
internal sealed class Atom(HttpRequest request)
{
    public static readonly XNamespace Namespace = "http://www.w3.org/2005/Atom";
    public static readonly XNamespace ServiceBus = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
    public static readonly XNamespace Instance = "http://www.w3.org/2001/XMLSchema-instance";
    public static readonly XNamespace Schema = "http://www.w3.org/2001/XMLSchema";

    private readonly string _base = $"sb://{request.Host}/";

    /// <summary>A refusal.</summary>
    public static (int Status, XElement Body) Error(int status, string sentence) =>
        (status, new XElement("Error", new XElement("Code", status), new XElement("Detail", Printable(sentence))));

    /// <summary>The element of an entry that describes something.</summary>
    /// <exception cref="FormatException">There is none of that name.</exception>
    public static XElement Content(XElement entry, string? name = null)
    {
        XElement? found = entry.Name == Namespace + "entry" ? entry.Element(Namespace + "content")?.Elements().FirstOrDefault() : null;
        return found is not null && (name is null || found.Name == ServiceBus + name)
            ? found
            : throw new FormatException($"An Atom entry with a {name ?? "description"} in its content was expected.");
    }

    /// <summary>An element of a description.</summary>
    public static XElement Element(string name, object? value) => new(ServiceBus + name, value);

    /// <summary>A moment as clients read it.</summary>
    public static string Time(DateTimeOffset time) => XmlConvert.ToString(time.UtcDateTime, XmlDateTimeSerializationMode.Utc);

    /// <summary>What a client asked for, a page of many.</summary>
    public XElement Feed(IReadOnlyList<XElement> entries, int? nextSkip, int top)
    {
        string self = _base + request.Path.Value?.TrimStart('/');
        return new XElement(
            Namespace + "feed",
            new XElement(Namespace + "title", request.Path.Value?.Split('/')[^1]),
            new XElement(Namespace + "id", self),
            Link("self", self),
            nextSkip is { } skip ? Link("next", string.Create(CultureInfo.InvariantCulture, $"{self}?$skip={skip}&$top={top}")) : null,
            entries);
    }

    /// <summary>A queue, topic or subscription.</summary>
    public XElement Entry(EntitySnapshot entity) => Entry(
        entity.Name, EntityNames.Subscription(entity.Name)?.Name ?? entity.Name, EntityXml.Write(entity, target => _base + target));

    /// <summary>A rule.</summary>
    public XElement Entry(string subscription, Rule rule) => Entry($"{subscription}/Rules/{rule.Name}", rule.Name, RuleXml.Write(rule));

    /// <summary>The broker as a namespace.</summary>
    public XElement NamespaceInfo(MessageBroker broker)
    {
        EntityDescription[] all =
            [.. broker.List(EntityKind.Queue).Concat(broker.List(EntityKind.Topic)).Select(entity => entity.Description)];
        return Entry("$namespaceinfo", request.Host.Host, new XElement(
            ServiceBus + "NamespaceInfo",
            Element("CreatedTime", Time(all.Select(entity => entity.CreatedAt).Append(broker.StartedAt).Min())),
            Element("MessagingSKU", "Standard"),
            Element("ModifiedTime", Time(all.Select(entity => entity.UpdatedAt).DefaultIfEmpty(broker.StartedAt).Max())),
            Element("Name", request.Host.Host),
            Element("NamespaceType", "Messaging")));
    }

    private XElement Entry(string path, string title, XElement description)
    {
        description.Add(new XAttribute("xmlns", ServiceBus.NamespaceName), new XAttribute(XNamespace.Xmlns + "i", Instance.NamespaceName));
        return new XElement(
            Namespace + "entry",
            new XElement(Namespace + "id", _base + path),
            new XElement(Namespace + "title", new XAttribute("type", "text"), title),
            new XElement(Namespace + "content", new XAttribute("type", "application/xml"), description));
    }

    private static XElement Link(string relation, string address) =>
        new(Namespace + "link", new XAttribute("rel", relation), new XAttribute("href", address));

    // Messages quote what clients sent; not every character can stand in XML.
    private static string Printable(string text) => string.Concat(text.Select(c => XmlConvert.IsXmlChar(c) ? c : '\uFFFD'));
}
