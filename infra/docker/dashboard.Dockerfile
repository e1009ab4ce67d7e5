# The dashboard, and `hrnet` beside it: whoever may open a shell in this container can submit and watch jobs from inside the network.
#   docker build -f infra/docker/dashboard.Dockerfile -t hrnet-dashboard .
# What is said of bases and instructions in worker.Dockerfile holds here, too.

FROM mcr.microsoft.com/dotnet/sdk:10.0-noble AS build
ARG REVISION=unknown
WORKDIR /source

COPY .editorconfig global.json Directory.Build.props Directory.Build.targets Directory.Packages.props BannedSymbols.txt ./
COPY src/Directory.Build.props src/
COPY src/Wording/Wording.csproj src/Wording/
COPY src/Model/Model.csproj src/Model/
COPY src/Jobs/Jobs.csproj src/Jobs/
COPY src/Kinds/Kinds.csproj src/Kinds/
COPY src/Worker/Worker.csproj src/Worker/
COPY src/Dashboard/Dashboard.csproj src/Dashboard/
COPY src/LocalServiceBus/LocalServiceBus.csproj src/LocalServiceBus/
COPY src/LocalStack/LocalStack.csproj src/LocalStack/
COPY src/Cli/Cli.csproj src/Cli/
RUN dotnet restore src/Cli --runtime linux-x64 -p:TorchBackend=none

COPY recipes/ recipes/
COPY local/ local/
COPY docs/schemas/ docs/schemas/
COPY infra/keda/ infra/keda/
COPY src/ src/
# Without libtorch (450 MB): nothing here computes with a network. `hrnet predict` and `hrnet export` of a file are for other machines.
RUN dotnet publish src/Cli --configuration Release --runtime linux-x64 --no-self-contained --no-restore --output /app \
    -p:TorchBackend=none -p:SourceRevisionId=${REVISION} -p:DebugType=none -p:PublishDocumentationFiles=false

# The licences and notices that the packages carry go with them.
COPY tools/ThirdParty/ tools/ThirdParty/
RUN dotnet run --project tools/ThirdParty -- texts /app/licences

FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="HrNetBatch dashboard" \
      org.opencontainers.image.description="Pages and JSON about the jobs of HrNetBatch, and its command line." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

WORKDIR /app
COPY --from=build /app ./
COPY THIRD-PARTY-NOTICES.md infra/docker/healthcheck.sh ./
RUN ln -s /app/hrnet /usr/local/bin/hrnet

ENV ASPNETCORE_HTTP_PORTS="" \
    HrNetBatch__Dashboard__Port=8080
EXPOSE 8080
USER 1654
HEALTHCHECK --interval=30s --timeout=5s --start-period=120s --retries=3 \
    CMD ["/app/healthcheck.sh", "HrNetBatch__Dashboard__Port", "/healthz/live"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["dotnet", "HrNetBatch.Dashboard.dll"]
