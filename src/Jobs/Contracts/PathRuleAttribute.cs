using System.ComponentModel.DataAnnotations;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>
/// A rule about an argument that says where something is stored. Where a follower takes a part of it from its parent's result, such as
/// <c>{{result.checkpoint}}</c>, what is written beside that is checked when the jobs are submitted, and the whole when it is filled in.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class PathRuleAttribute : ValidationAttribute;
