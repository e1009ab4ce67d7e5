# The local Service Bus, for compose.yaml; Azure has the real one. It listens on loopback alone, so whoever uses it shares its network.
#   docker build -f infra/docker/servicebus.Dockerfile -t hrnet-servicebus .
# What is said of bases and instructions in worker.Dockerfile holds here, too.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
WORKDIR /source
COPY .editorconfig global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt THIRD-PARTY-NOTICES.md ./
COPY src/Directory.Build.props src/
COPY src/LocalServiceBus/ src/LocalServiceBus/
RUN dotnet publish src/LocalServiceBus --configuration Release --runtime linux-x64 --no-self-contained --output /app \
    -p:DebugType=none -p:PublishDocumentationFiles=false

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
LABEL org.opencontainers.image.title="HrNetBatch local Service Bus"
WORKDIR /app
COPY --from=build /app ./
COPY infra/docker/servicebus.json ./
# A new volume takes over the owner of the folder that it is mounted on.
RUN mkdir /data && chown 1654:1654 /data
VOLUME /data
USER 1654
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=5 \
    CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5672"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "HrNetBatch.LocalServiceBus.dll", "--config", "servicebus.json", "--data", "/data", "--port", "5672", "--max-message-kb", "1088"]
