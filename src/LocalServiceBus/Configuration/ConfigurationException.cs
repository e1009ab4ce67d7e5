namespace HrNetBatch.LocalServiceBus.Configuration;

/// <summary>The configuration file cannot be used; the message names the place and what to write instead.</summary>
public sealed class ConfigurationException(string message) : Exception(message);
